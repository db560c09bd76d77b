package jinja

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"drover/playbook/value"
)

// method is a method bound to its receiver.
type method struct {
	recv value.Value
	fn   *Func
}

// Type implements value.Value.
func (*method) Type() string { return "builtin_function_or_method" }

// Transient marks methods as no result of a template.
func (*method) Transient() {}

// Truth says that a method is true.
func (*method) Truth() bool { return true }

// callMethod calls a method. Its receiver is Args[0]; methods see containers
// as they are.
func (c *Context) callMethod(m *method, args []value.Value, kw []Kwarg, site callSite) (value.Value, error) {
	if u := firstUndefined(args, kw); u != nil {
		return u, nil
	}
	if len(kw) > 0 && !m.fn.named {
		return nil, TypeErrorf("%s.%s() takes no keyword arguments", m.recv.Type(), m.fn.Name)
	}
	all := make([]value.Value, 0, len(args)+1)
	all = append(append(all, m.recv), args...)
	call := &Call{Func: m.fn, Args: all, Kwargs: kw, Ctx: c, Pos: site.pos()}
	if !m.fn.Lazy {
		if err := c.settleArgs(call); err != nil {
			return nil, err
		}
	}
	v, err := m.fn.Call(call)
	if err != nil {
		return nil, err
	}
	if _, secret := m.recv.(value.Secret); secret {
		return taintAll(v), nil
	}
	if _, text := m.recv.(value.Str); text {
		return taint(v, all, kw), nil
	}
	return v, nil
}

// methodOf gives a public method of a value's type, or nil.
func methodOf(v value.Value, name string) *Func {
	switch v.(type) {
	case value.Str, value.Secret:
		if f := strMethods[name]; f != nil {
			return f
		}
		return formatMethod(name)
	case *value.Dict:
		return dictMethods[name]
	case value.Mapping:
		if f := dictMethods[name]; f != nil && !mutators[name] {
			return f
		}
	case *value.List:
		return listMethods[name]
	case value.Tuple, *rangeValue:
		if name == "index" || name == "count" {
			return listMethods[name]
		}
	case value.Int, value.Bool, *value.BigInt:
		return intMethods[name]
	case value.Float:
		return floatMethods[name]
	case value.Bytes:
		return bytesMethods[name]
	}
	return nil
}

func methodTable(fns []*Func) map[string]*Func {
	m := make(map[string]*Func, len(fns))
	for _, f := range fns {
		m[f.Name] = f
	}
	return m
}

// self gives the text a method was called on.
func (c *Call) self() string {
	s, _ := value.AsString(c.Args[0])
	return s
}

// rest is the call without its receiver, for Unpack.
func (c *Call) rest() *Call {
	r := *c
	r.Args, r.exact = c.Args[1:], true
	return &r
}

// textMethod makes a method without arguments that gives text.
func textMethod(name string, fn func(string) string) *Func {
	return &Func{Name: name, Call: func(c *Call) (value.Value, error) {
		if err := c.rest().Unpack(); err != nil {
			return nil, err
		}
		return value.Str(fn(c.self())), nil
	}}
}

// runeTest makes a method that asks something of all characters.
func runeTest(name string, empty bool, is func(rune) bool) *Func {
	return &Func{Name: name, Call: func(c *Call) (value.Value, error) {
		if err := c.rest().Unpack(); err != nil {
			return nil, err
		}
		s := c.self()
		for _, r := range s {
			if !is(r) {
				return value.Bool(false), nil
			}
		}
		return value.Bool(s != "" || empty), nil
	}}
}

func boolMethod(name string, fn func(string) bool) *Func {
	return &Func{Name: name, Call: func(c *Call) (value.Value, error) {
		return value.Bool(fn(c.self())), c.rest().Unpack()
	}}
}

var strMethods = methodTable([]*Func{
	textMethod("upper", upperPython),
	textMethod("lower", lowerPython),
	textMethod("casefold", foldPython),
	textMethod("swapcase", swapCase),
	textMethod("capitalize", capitalize),
	textMethod("title", titlePython),
	boolMethod("islower", func(s string) bool { return hasCase(s, isUpper, isLower) }),
	boolMethod("isupper", func(s string) bool { return hasCase(s, isLower, isUpper) }),
	boolMethod("istitle", isTitle),
	boolMethod("isidentifier", isIdentifier),
	runeTest("isalpha", false, unicode.IsLetter),
	runeTest("isdigit", false, isDigit),
	runeTest("isdecimal", false, unicode.IsDigit),
	runeTest("isnumeric", false, unicode.IsNumber),
	runeTest("isalnum", false, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) }),
	runeTest("isspace", false, isSpace),
	runeTest("isascii", true, func(r rune) bool { return r < utf8.RuneSelf }),
	runeTest("isprintable", true, unicode.IsPrint),
	{Name: "strip", Call: stripMethod(strings.Trim, strings.TrimFunc)},
	{Name: "lstrip", Call: stripMethod(strings.TrimLeft, strings.TrimLeftFunc)},
	{Name: "rstrip", Call: stripMethod(strings.TrimRight, strings.TrimRightFunc)},
	{Name: "split", named: true, Call: splitMethod(false)},
	{Name: "rsplit", named: true, Call: splitMethod(true)},
	{Name: "splitlines", named: true, Call: splitLinesMethod},
	{Name: "partition", Call: partitionMethod(false)},
	{Name: "rpartition", Call: partitionMethod(true)},
	{Name: "join", Call: joinMethod},
	{Name: "replace", Call: replaceMethod},
	{Name: "startswith", Call: affixMethod(strings.HasPrefix)},
	{Name: "endswith", Call: affixMethod(strings.HasSuffix)},
	{Name: "removeprefix", Call: removeAffix(strings.TrimPrefix)},
	{Name: "removesuffix", Call: removeAffix(strings.TrimSuffix)},
	{Name: "find", Call: findMethod(false, false)},
	{Name: "rfind", Call: findMethod(true, false)},
	{Name: "index", Call: findMethod(false, true)},
	{Name: "rindex", Call: findMethod(true, true)},
	{Name: "count", Call: countMethod},
	{Name: "center", Call: padMethod(func(s string, n int, fill string) string {
		left := n/2 + n&(utf8.RuneCountInString(s)+n)&1
		return strings.Repeat(fill, left) + s + strings.Repeat(fill, n-left)
	})},
	{Name: "ljust", Call: padMethod(func(s string, n int, fill string) string { return s + strings.Repeat(fill, n) })},
	{Name: "rjust", Call: padMethod(func(s string, n int, fill string) string { return strings.Repeat(fill, n) + s })},
	{Name: "zfill", Call: zfillMethod},
	{Name: "expandtabs", named: true, Call: expandTabsMethod},
	{Name: "translate", Call: translateMethod},
	{Name: "maketrans", Call: makeTransMethod},
	{Name: "encode", named: true, Call: encodeMethod},
})

// formatMethod gives the two methods that are not in the table because they
// look up methods themselves.
func formatMethod(name string) *Func {
	switch name {
	case "format":
		return &Func{Name: name, Lazy: true, named: true, Call: func(c *Call) (value.Value, error) {
			return c.Ctx.formatBraces(c.self(), c.Args[1:], c.Kwargs)
		}}
	case "format_map":
		return &Func{Name: name, Call: formatMapMethod}
	}
	return nil
}
