package jinja

import (
	"strings"
	"unicode/utf8"

	"drover/playbook/value"
)

func stripMethod(chars func(string, string) string, fn func(string, func(rune) bool) string) func(*Call) (value.Value, error) {
	return func(c *Call) (value.Value, error) {
		cut, given := "", value.None
		if err := c.rest().Unpack("chars?", &given); err != nil {
			return nil, err
		}
		if given == value.None {
			return value.Str(fn(c.self(), isSpace)), nil
		}
		cut, ok := value.AsString(given)
		if !ok {
			return nil, TypeErrorf("%s arg must be None or str", c.Func.Name)
		}
		return value.Str(chars(c.self(), cut)), nil
	}
}

func splitMethod(right bool) func(*Call) (value.Value, error) {
	return func(c *Call) (value.Value, error) {
		sep, n := value.None, -1
		if _, named := c.kwarg("sep"); named && len(c.Args) > 1 {
			return nil, TypeErrorf("argument for %s() given by name ('sep') and position (1)", c.Func.Name)
		}
		if err := c.rest().Unpack("sep?", &sep, "maxsplit?", &n); err != nil {
			return nil, err
		}
		if sep == value.None {
			return value.Strings(splitSpace(c.self(), n, right)...), nil
		}
		s, ok := value.AsString(sep)
		switch {
		case !ok:
			return nil, TypeErrorf("must be str or None, not %s", sep.Type())
		case s == "":
			return nil, valueErrorf("empty separator")
		}
		return value.Strings(splitText(c.self(), s, n, right)...), nil
	}
}

func splitText(s, sep string, n int, right bool) []string {
	switch {
	case n < 0:
		return strings.Split(s, sep)
	case !right:
		return strings.SplitN(s, sep, n+1)
	}
	var parts []string
	for range n {
		i := strings.LastIndex(s, sep)
		if i < 0 {
			break
		}
		parts = append([]string{s[i+len(sep):]}, parts...)
		s = s[:i]
	}
	return append([]string{s}, parts...)
}

func splitSpace(s string, n int, right bool) []string {
	if n < 0 {
		return strings.FieldsFunc(s, isSpace)
	}
	parts := []string{}
	if right {
		s = strings.TrimRightFunc(s, isSpace)
		for s != "" && len(parts) < n {
			i := strings.LastIndexFunc(s, isSpace)
			if i < 0 {
				break
			}
			_, size := utf8.DecodeRuneInString(s[i:])
			parts = append([]string{s[i+size:]}, parts...)
			s = strings.TrimRightFunc(s[:i], isSpace)
		}
		if s != "" {
			parts = append([]string{s}, parts...)
		}
		return parts
	}
	s = strings.TrimLeftFunc(s, isSpace)
	for s != "" && len(parts) < n {
		i := strings.IndexFunc(s, isSpace)
		if i < 0 {
			break
		}
		parts = append(parts, s[:i])
		s = strings.TrimLeftFunc(s[i:], isSpace)
	}
	if s != "" {
		parts = append(parts, s)
	}
	return parts
}

func splitLinesMethod(c *Call) (value.Value, error) {
	keep := false
	if err := c.rest().Unpack("keepends?", &keep); err != nil {
		return nil, err
	}
	return value.Strings(splitLines(c.self(), keep)...), nil
}

// SplitLines cuts text into lines without their ends, as Python's
// str.splitlines does.
func SplitLines(s string) []string { return splitLines(s, false) }

func splitLines(s string, keep bool) []string {
	lines := []string{}
	start := 0
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		if !isLineEnd(r) {
			i += n
			continue
		}
		end := i + n
		if r == '\r' && end < len(s) && s[end] == '\n' {
			end++
		}
		if keep {
			lines = append(lines, s[start:end])
		} else {
			lines = append(lines, s[start:i])
		}
		start, i = end, end
	}
	if start < len(s) {
		lines = append(lines, s[start:])
	}
	return lines
}

func isLineEnd(r rune) bool {
	switch r {
	case '\n', '\r', '\v', '\f', 0x1c, 0x1d, 0x1e, 0x85, 0x2028, 0x2029:
		return true
	}
	return false
}

func partitionMethod(right bool) func(*Call) (value.Value, error) {
	return func(c *Call) (value.Value, error) {
		sep := ""
		if err := c.rest().Unpack("sep", &sep); err != nil {
			return nil, err
		}
		if sep == "" {
			return nil, valueErrorf("empty separator")
		}
		s := c.self()
		i := strings.Index(s, sep)
		if right {
			i = strings.LastIndex(s, sep)
		}
		switch {
		case i >= 0:
			return value.Tuple{value.Str(s[:i]), value.Str(sep), value.Str(s[i+len(sep):])}, nil
		case right:
			return value.Tuple{value.Str(""), value.Str(""), value.Str(s)}, nil
		}
		return value.Tuple{value.Str(s), value.Str(""), value.Str("")}, nil
	}
}

func joinMethod(c *Call) (value.Value, error) {
	var vs []value.Value
	if err := c.rest().Unpack("iterable", &vs); err != nil {
		return nil, err
	}
	parts := make([]string, len(vs))
	secret := false
	for i, v := range vs {
		s, ok := value.AsString(v)
		if !ok {
			return nil, TypeErrorf("sequence item %d: expected str instance, %s found", i, v.Type())
		}
		secret = secret || value.IsSecret(v)
		parts[i] = s
	}
	return value.Str(strings.Join(parts, c.self())), nil
}

func replaceMethod(c *Call) (value.Value, error) {
	from, to, n := "", "", -1
	if err := c.rest().Unpack("old", &from, "new", &to, "count?", &n); err != nil {
		return nil, err
	}
	return c.Ctx.replaceText(c.self(), from, to, n)
}

func (c *Context) replaceText(s, from, to string, n int) (value.Value, error) {
	times := strings.Count(s, from)
	if n >= 0 {
		times = min(n, times)
	}
	if err := c.fits(len(s) + times*(len(to)-len(from))); err != nil {
		return nil, err
	}
	return value.Str(strings.Replace(s, from, to, n)), nil
}
