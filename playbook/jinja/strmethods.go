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
	r.Args = c.Args[1:]
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
	textMethod("casefold", func(s string) string { return strings.ToLower(strings.ReplaceAll(s, "ß", "ss")) }),
	textMethod("swapcase", swapCase),
	textMethod("capitalize", capitalize),
	textMethod("title", titlePython),
	boolMethod("islower", func(s string) bool { return hasCase(s, unicode.IsUpper, unicode.IsLower) }),
	boolMethod("isupper", func(s string) bool { return hasCase(s, unicode.IsLower, unicode.IsUpper) }),
	boolMethod("istitle", isTitle),
	boolMethod("isidentifier", isIdentifier),
	runeTest("isalpha", false, unicode.IsLetter),
	runeTest("isdigit", false, isDigit),
	runeTest("isdecimal", false, unicode.IsDigit),
	runeTest("isnumeric", false, unicode.IsNumber),
	runeTest("isalnum", false, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) }),
	runeTest("isspace", false, unicode.IsSpace),
	runeTest("isascii", true, func(r rune) bool { return r < utf8.RuneSelf }),
	runeTest("isprintable", true, unicode.IsPrint),
	{Name: "strip", Call: stripMethod(strings.Trim, strings.TrimFunc)},
	{Name: "lstrip", Call: stripMethod(strings.TrimLeft, strings.TrimLeftFunc)},
	{Name: "rstrip", Call: stripMethod(strings.TrimRight, strings.TrimRightFunc)},
	{Name: "split", Call: splitMethod(false)},
	{Name: "rsplit", Call: splitMethod(true)},
	{Name: "splitlines", Call: splitLinesMethod},
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
	{Name: "expandtabs", Call: expandTabsMethod},
	{Name: "translate", Call: translateMethod},
	{Name: "maketrans", Call: makeTransMethod},
	{Name: "encode", Call: encodeMethod},
})

// formatMethod gives the two methods that are not in the table because they
// look up methods themselves.
func formatMethod(name string) *Func {
	switch name {
	case "format":
		return &Func{Name: name, Lazy: true, Call: func(c *Call) (value.Value, error) {
			return c.Ctx.formatBraces(c.self(), c.Args[1:], c.Kwargs)
		}}
	case "format_map":
		return &Func{Name: name, Call: formatMapMethod}
	}
	return nil
}

func isDigit(r rune) bool {
	return unicode.IsDigit(r) || r == '²' || r == '³' || r == '¹' || r >= '⁴' && r <= '⁹' || r >= '₀' && r <= '₉' || r == '⁰'
}

func lowerPython(s string) string {
	if isASCII(s) {
		return strings.ToLower(s)
	}
	return strings.ToLower(strings.ReplaceAll(s, "İ", "i\u0307"))
}

func upperPython(s string) string {
	if isASCII(s) {
		return strings.ToUpper(s)
	}
	return strings.ToUpper(strings.ReplaceAll(s, "ß", "SS"))
}

func capitalize(s string) string {
	for i, r := range s {
		if i == 0 {
			n := utf8.RuneLen(r)
			if r == 'ß' {
				return "Ss" + strings.ToLower(s[n:])
			}
			return string(unicode.ToTitle(r)) + strings.ToLower(s[n:])
		}
	}
	return s
}

func swapCase(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == 'ß':
			b.WriteString("SS")
		case unicode.IsUpper(r):
			b.WriteRune(unicode.ToLower(r))
		default:
			b.WriteRune(unicode.ToUpper(r))
		}
	}
	return b.String()
}

// titlePython is str.title: a letter after a non-letter is upper, others lower.
func titlePython(s string) string {
	var b strings.Builder
	prev := false
	for _, r := range s {
		if prev {
			b.WriteRune(unicode.ToLower(r))
		} else {
			b.WriteRune(unicode.ToTitle(r))
		}
		prev = isCased(r)
	}
	return b.String()
}

func isCased(r rune) bool { return unicode.IsUpper(r) || unicode.IsLower(r) || unicode.IsTitle(r) }

func isTitle(s string) bool {
	prev, found := false, false
	for _, r := range s {
		switch {
		case unicode.IsUpper(r) || unicode.IsTitle(r):
			if prev {
				return false
			}
			prev, found = true, true
		case unicode.IsLower(r):
			if !prev {
				return false
			}
		default:
			prev = false
		}
	}
	return found
}

func isIdentifier(s string) bool {
	for i, r := range s {
		if r != '_' && !unicode.IsLetter(r) && (i == 0 || !unicode.IsDigit(r)) {
			return false
		}
	}
	return s != ""
}

func stripMethod(chars func(string, string) string, fn func(string, func(rune) bool) string) func(*Call) (value.Value, error) {
	return func(c *Call) (value.Value, error) {
		cut, given := "", value.None
		if err := c.rest().Unpack("chars?", &given); err != nil {
			return nil, err
		}
		if given == value.None {
			return value.Str(fn(c.self(), unicode.IsSpace)), nil
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
		return strings.Fields(s)
	}
	parts := []string{}
	if right {
		s = strings.TrimRightFunc(s, unicode.IsSpace)
		for s != "" && len(parts) < n {
			i := strings.LastIndexFunc(s, unicode.IsSpace)
			if i < 0 {
				break
			}
			_, size := utf8.DecodeRuneInString(s[i:])
			parts = append([]string{s[i+size:]}, parts...)
			s = strings.TrimRightFunc(s[:i], unicode.IsSpace)
		}
		if s != "" {
			parts = append([]string{s}, parts...)
		}
		return parts
	}
	s = strings.TrimLeftFunc(s, unicode.IsSpace)
	for s != "" && len(parts) < n {
		i := strings.IndexFunc(s, unicode.IsSpace)
		if i < 0 {
			break
		}
		parts = append(parts, s[:i])
		s = strings.TrimLeftFunc(s[i:], unicode.IsSpace)
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
