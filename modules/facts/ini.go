package facts

import (
	"fmt"
	"strings"

	"drover/playbook/value"
)

// parseINI reads Python's configparser dialect: sections, "key = value" or
// "key: value", lower-case keys, values continued by indentation, defaults in
// [DEFAULT], %(name)s interpolation.
func parseINI(text string) (*value.Dict, error) {
	p := iniParser{defaults: value.NewDict(2), sections: value.NewDict(4)}
	for i, line := range strings.Split(text, "\n") {
		if err := p.line(strings.TrimRight(line, " \t\r")); err != nil {
			return nil, fmt.Errorf("line %d: %w", i+1, err)
		}
	}
	return p.finish()
}

type iniParser struct {
	defaults, sections *value.Dict
	section            *value.Dict
	key                string
}

func (p *iniParser) line(line string) error {
	trimmed := strings.TrimSpace(line)
	switch {
	case trimmed == "" || trimmed[0] == '#' || trimmed[0] == ';':
		return nil
	case p.key != "" && line[0] != trimmed[0]: // indented: the value goes on
		before := value.String(p.section.At(p.key))
		p.section.Put(p.key, value.Str(before+"\n"+trimmed))
		return nil
	case trimmed[0] == '[' && strings.HasSuffix(trimmed, "]"):
		return p.open(trimmed[1 : len(trimmed)-1])
	case p.section == nil:
		return fmt.Errorf("text before the first [section]: %q", trimmed)
	}
	at := strings.IndexAny(trimmed, "=:")
	if at <= 0 {
		return fmt.Errorf("neither a [section] nor key = value: %q", trimmed)
	}
	p.key = strings.ToLower(strings.TrimSpace(trimmed[:at]))
	if _, twice := p.section.Lookup(p.key); twice {
		return fmt.Errorf("option %q is there twice", p.key)
	}
	p.section.Put(p.key, value.Str(strings.TrimSpace(trimmed[at+1:])))
	return nil
}

func (p *iniParser) open(name string) error {
	p.key = ""
	if name == "DEFAULT" {
		p.section = p.defaults
		return nil
	}
	if _, twice := p.sections.Lookup(name); twice {
		return fmt.Errorf("section %q is there twice", name)
	}
	p.section = value.NewDict(4)
	p.sections.Put(name, p.section)
	return nil
}

// finish adds the defaults to every section and interpolates.
func (p *iniParser) finish() (*value.Dict, error) {
	for _, s := range p.sections.Entries() {
		section := s.Val.(*value.Dict)
		for _, d := range p.defaults.Entries() {
			if _, ok := section.Lookup(value.String(d.Key)); !ok {
				section.Set(d.Key, d.Val)
			}
		}
		raw := section.Clone()
		for _, e := range raw.Entries() {
			text, err := interpolate(value.String(e.Val), raw, 0)
			if err != nil {
				return nil, &badOption{err}
			}
			section.Set(e.Key, value.Str(text))
		}
	}
	return p.sections, nil
}

// badOption is a value that refers to others in a way that makes no sense, in
// a text that is INI otherwise.
type badOption struct{ error }

// interpolate replaces %(name)s by another value of the section, %% by %.
func interpolate(text string, section *value.Dict, depth int) (string, error) {
	if !strings.Contains(text, "%") {
		return text, nil
	}
	if depth > 10 {
		return "", fmt.Errorf("interpolation of %q goes too deep", text)
	}
	var b strings.Builder
	for {
		before, after, found := strings.Cut(text, "%")
		b.WriteString(before)
		if !found {
			return b.String(), nil
		}
		if rest, ok := strings.CutPrefix(after, "%"); ok {
			b.WriteByte('%')
			text = rest
			continue
		}
		name, rest, ok := strings.Cut(strings.TrimPrefix(after, "("), ")s")
		if !ok || !strings.HasPrefix(after, "(") {
			return "", fmt.Errorf("'%%' must be followed by '%%' or '(', found: %q", "%"+after)
		}
		v, known := section.Lookup(strings.ToLower(name))
		if !known {
			return "", fmt.Errorf("%%(%s)s names no option of the section", name)
		}
		inner, err := interpolate(value.String(v), section, depth+1)
		if err != nil {
			return "", err
		}
		b.WriteString(inner)
		text = rest
	}
}
