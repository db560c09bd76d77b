package jinja

import (
	"errors"
	"strconv"
	"strings"

	"drover/playbook/value"
)

// braces is one run of str.format.
type braces struct {
	c      *Context
	args   []value.Value
	kw     []Kwarg
	auto   int
	manual bool
	secret bool
}

// formatBraces is s.format(*args, **kw).
func (c *Context) formatBraces(s string, args []value.Value, kw []Kwarg) (value.Value, error) {
	b := &braces{c: c, args: args, kw: kw}
	text, err := b.format(s, 2)
	if err != nil {
		return nil, err
	}
	if b.secret {
		return value.Secret(text), nil
	}
	return value.Str(text), nil
}

func (b *braces) format(s string, depth int) (string, error) {
	if depth == 0 {
		return "", valueErrorf("Max string recursion exceeded")
	}
	var out strings.Builder
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case (c == '{' || c == '}') && i+1 < len(s) && s[i+1] == c:
			out.WriteByte(c)
			i++
		case c == '}':
			return "", valueErrorf("Single '}' encountered in format string")
		case c == '{':
			n := fieldEnd(s[i+1:])
			if n < 0 {
				if i+1 == len(s) {
					return "", valueErrorf("Single '{' encountered in format string")
				}
				return "", valueErrorf("expected '}' before end of string")
			}
			text, err := b.field(s[i+1:i+1+n], depth)
			if err != nil {
				return "", err
			}
			out.WriteString(text)
			i += n + 1
		default:
			out.WriteByte(c)
		}
		if err := b.c.fits(out.Len()); err != nil {
			return "", err
		}
	}
	return out.String(), nil
}

// fieldEnd gives the place of the brace that closes a field.
func fieldEnd(s string) int {
	depth, bracket := 0, false
	for i := range len(s) {
		switch c := s[i]; {
		case bracket:
			bracket = c != ']'
		case c == '[' && depth == 0:
			bracket = true
		case c == '{':
			depth++
		case c == '}':
			if depth == 0 {
				return i
			}
			depth--
		}
	}
	return -1
}

// field formats "name!conversion:spec".
func (b *braces) field(f string, depth int) (string, error) {
	name, spec, conv := f, "", byte(0)
	if i := fieldSplit(f); i >= 0 {
		name = f[:i]
		rest := f[i:]
		if rest[0] == '!' {
			if len(rest) < 2 || len(rest) > 2 && rest[2] != ':' {
				return "", valueErrorf("expected ':' after conversion specifier")
			}
			conv, rest = rest[1], rest[2:]
		}
		if rest != "" {
			spec = rest[1:]
		}
	}
	v, err := b.lookup(name)
	if err != nil {
		return "", err
	}
	if v, err = b.c.settleStrict(v); err != nil {
		return "", err
	}
	b.secret = b.secret || value.IsSecret(v)
	switch conv {
	case 0:
	case 's':
		v = value.Str(value.String(v))
	case 'r':
		v = value.Str(value.Repr(v))
	case 'a':
		v = value.Str(asciiRepr(v))
	default:
		return "", valueErrorf("Unknown conversion specifier '%c'", conv)
	}
	if strings.ContainsAny(spec, "{}") {
		if spec, err = b.format(spec, depth-1); err != nil {
			return "", err
		}
	}
	return b.c.formatValue(v, spec)
}

// fieldSplit finds the "!" or ":" that ends the name of a field.
func fieldSplit(f string) int {
	bracket := false
	for i := range len(f) {
		switch c := f[i]; {
		case bracket:
			bracket = c != ']'
		case c == '[':
			bracket = true
		case c == '!' || c == ':':
			return i
		}
	}
	return -1
}

// lookup gives the value of "0", "", "name", "name.attr" or "name[item]".
func (b *braces) lookup(name string) (value.Value, error) {
	end := strings.IndexAny(name, ".[")
	if end < 0 {
		end = len(name)
	}
	v, err := b.first(name[:end])
	for rest := name[end:]; rest != "" && err == nil; {
		if rest[0] == '.' {
			n := strings.IndexAny(rest[1:], ".[")
			if n < 0 {
				n = len(rest) - 1
			}
			attr := rest[1 : 1+n]
			if attr == "" {
				return nil, valueErrorf("Empty attribute in format string")
			}
			v, err = b.step(b.attr(v, attr))
			rest = rest[1+n:]
			continue
		}
		n := strings.IndexByte(rest, ']')
		if n < 2 {
			return nil, valueErrorf("Empty attribute in format string")
		}
		v, err = b.item(v, rest[1:n])
		rest = rest[n+1:]
		if rest != "" && rest[0] != '.' && rest[0] != '[' {
			return nil, valueErrorf("Only '.' or '[' may follow ']' in format field specifier")
		}
	}
	return v, err
}

// first gives the argument that a field starts with.
func (b *braces) first(name string) (value.Value, error) {
	i := 0
	if name == "" {
		if b.manual {
			return nil, valueErrorf("cannot switch from manual field specification to automatic field numbering")
		}
		i = b.auto
		b.auto++
	} else {
		n, err := strconv.Atoi(name)
		if err != nil {
			for _, k := range b.kw {
				if k.Name == name {
					return k.Val, nil
				}
			}
			return nil, errors.New(value.Repr(value.Str(name)))
		}
		if b.auto > 0 {
			return nil, valueErrorf("cannot switch from automatic field numbering to manual field specification")
		}
		b.manual = true
		i = n
	}
	if i < 0 || i >= len(b.args) {
		return nil, valueErrorf("Replacement index %d out of range for positional args tuple", i)
	}
	return b.args[i], nil
}

// attr gives v.name as Python does: no item stands in for an attribute.
func (b *braces) attr(v value.Value, name string) (value.Value, error) {
	v, err := b.c.forced(v, nil)
	if err != nil {
		return nil, err
	}
	if u, ok := v.(*value.Undefined); ok && !u.Plain {
		return nil, &UndefinedError{u}
	}
	if strings.HasPrefix(name, "_") {
		if m := methodOf(v, name); m != nil {
			return &method{v, m}, nil
		}
	} else if a, ok, err := attribute(v, name); err != nil || ok {
		return a, err
	}
	return missedAttr(v, name), nil
}

// item gives v[key]; a key of digits is an index.
func (b *braces) item(v value.Value, key string) (value.Value, error) {
	var k value.Value = value.Str(key)
	if n, err := strconv.Atoi(key); err == nil && key[0] != '-' && key[0] != '+' {
		k = value.Int(n)
	}
	if m, ok := v.(value.Mapping); ok {
		e, ok, err := m.Get(k)
		if err == nil && !ok {
			err = errors.New(value.Repr(k))
		}
		if err != nil {
			return nil, err
		}
		return b.c.forced(e, nil)
	}
	if _, isText := k.(value.Str); isText && isSequenceLike(v) {
		return nil, TypeErrorf("%s indices must be integers, not 'str'", v.Type())
	}
	e, err := b.c.GetItem(v, k)
	if _, miss := e.(*value.Undefined); miss && !isSequenceLike(v) {
		return nil, TypeErrorf("'%s' object is not subscriptable", v.Type())
	}
	return b.step(e, err)
}

// step makes a miss on the way an error.
func (b *braces) step(v value.Value, err error) (value.Value, error) {
	if u, ok := v.(*value.Undefined); ok && err == nil {
		return nil, errors.New(u.Msg)
	}
	return v, err
}
