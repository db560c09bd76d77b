package modules

import (
	"context"
	"io/fs"
	"path"
	"path/filepath"
	"strings"

	"drover/modules/target"
	"drover/playbook/filters/pyre"
)

// prepare turns the arguments into tests, the cheap ones first.
func (s *search) prepare(ctx context.Context) error {
	var err error
	if s.age, err = parseAge(s.a.Age); err != nil {
		return err
	}
	if s.size, err = parseSize(s.a.Size); err != nil {
		return err
	}
	s.add(s.kind)
	if err := s.addNames(); err != nil {
		return err
	}
	now := s.h.Now()
	if s.age != nil {
		s.add(func(_ string, i *target.Info) bool { return s.age.holds(s.a.ageOf(i, now)) })
	}
	if s.size != nil {
		s.add(func(_ string, i *target.Info) bool { return !i.Mode.IsRegular() || s.size.holds(float64(i.Size)) })
	}
	if s.a.Mode != nil {
		s.tests = append(s.tests, s.mode)
	}
	if s.a.Contains == "" || s.a.FileType != "file" {
		return nil
	}
	re, err := compileArg("contains", s.a.Contains)
	if err != nil {
		return err
	}
	s.tests = append(s.tests, func(p string, i *target.Info) (bool, error) { return s.contains(ctx, re, p, i) })
	return nil
}

func (s *search) add(test func(string, *target.Info) bool) {
	s.tests = append(s.tests, func(p string, i *target.Info) (bool, error) { return test(p, i), nil })
}

// kind tests for the type of file. A link is a link, whatever it leads to and
// even where folders are searched through it.
func (s *search) kind(_ string, i *target.Info) bool {
	mode := i.Mode
	switch s.a.FileType {
	case "directory":
		return mode.IsDir()
	case "link":
		return mode&fs.ModeSymlink != 0
	case "file":
		return mode.IsRegular()
	}
	return true
}

func (s *search) addNames() error {
	wanted, err := s.matcher("patterns", s.a.Patterns)
	if err != nil {
		return err
	}
	unwanted, err := s.matcher("excludes", s.a.Excludes)
	if err != nil {
		return err
	}
	s.tests = append(s.tests, func(p string, _ *target.Info) (bool, error) {
		name := filepath.Base(p)
		if len(s.a.Patterns) > 0 {
			if ok, err := wanted(name); err != nil || !ok {
				return false, err
			}
		}
		out, err := unwanted(name)
		return !out, err
	})
	return nil
}

// matcher tells whether a name matches any of the patterns.
func (s *search) matcher(arg string, patterns []string) (func(string) (bool, error), error) {
	if !s.a.UseRegex {
		return func(name string) (bool, error) {
			for _, p := range patterns {
				if ok, _ := path.Match(strings.ReplaceAll(p, "[!", "[^"), name); ok {
					return true, nil
				}
			}
			return false, nil
		}, nil
	}
	var res []*pyre.Regexp
	for _, p := range patterns {
		re, err := compileArg(arg, p)
		if err != nil {
			return nil, err
		}
		res = append(res, re)
	}
	return func(name string) (bool, error) {
		for _, re := range res {
			if m, err := re.MatchPrefix(name); err != nil || m != nil {
				return m != nil, err
			}
		}
		return false, nil
	}, nil
}

func (s *search) mode(_ string, i *target.Info) (bool, error) {
	want, err := ParseMode(s.a.Mode, 0, i.IsDir(), func() uint32 { return 0 })
	if s.a.ExactMode {
		return i.Perm() == want, err
	}
	return i.Perm()&want == want, err
}

// contains reads a file and matches it, as a whole or line by line.
func (s *search) contains(ctx context.Context, re *pyre.Regexp, path string, i *target.Info) (bool, error) {
	if !i.Mode.IsRegular() {
		return false, nil
	}
	data, err := s.h.ReadFile(path)
	if err != nil {
		return false, nil // what can't be read contains nothing
	}
	text, err := decodeFile(ctx, s.h, path, data, s.a.Encoding)
	if err != nil {
		return false, err
	}
	if s.a.ReadWholeFile {
		m, err := re.Search(text)
		return m != nil, err
	}
	for _, line := range keepEnds(text) {
		if m, err := re.MatchPrefix(line); err != nil || m != nil {
			return m != nil, err
		}
	}
	return false, nil
}
