package filters

import (
	"errors"
	"fmt"
	"strings"

	"drover/playbook/value"
)

// txtFilters write and read the values of DNS's TXT records, which are one or
// more character strings as zone files have them (RFC 1035, section 5.1).
var txtFilters = []entry{
	{"community.dns.quote_txt", "value always_quote? character_encoding?", quoteTXT, 0},
	{"community.dns.unquote_txt", "value character_encoding?", unquoteTXT, 0},
}

// maxTXT is how long one character string may be as it is written.
const maxTXT = 255

// escapeBase gives the base in which a byte is written after a backslash.
func escapeBase(a *args) (int, error) {
	switch v := a.given("character_encoding", value.Str("decimal")); value.String(v) {
	case "decimal":
		return 10, nil
	case "octal":
		return 8, nil
	default:
		return 0, fmt.Errorf(`character_encoding must be "decimal" or "octal", not %s`, value.Repr(v))
	}
}

func txtInput(a *args, filter string) (string, error) {
	v := a.val("value")
	if b, ok := v.(value.Bytes); ok {
		return string(b), nil
	}
	s, ok := value.AsString(v)
	if !ok {
		return "", fmt.Errorf("Input for community.dns.%s must be a string", filter)
	}
	return s, nil
}

func quoteTXT(a *args) (value.Value, error) {
	s, err := txtInput(a, "quote_txt")
	if err != nil {
		return nil, err
	}
	always, ok := a.given("always_quote", value.Bool(false)).(value.Bool)
	if !ok {
		return nil, fmt.Errorf("always_quote must be a boolean, not %s", value.Repr(a.val("always_quote")))
	}
	base, err := escapeBase(a)
	if err != nil {
		return nil, err
	}
	parts := splitTXT(s, base)
	for i, p := range parts {
		if bool(always) || p == "" || strings.Contains(p, " ") {
			parts[i] = `"` + p + `"`
		}
	}
	return value.Str(strings.Join(parts, " ")), nil
}

// splitTXT escapes s and cuts it into character strings, never inside an escape.
func splitTXT(s string, base int) []string {
	var parts []string
	var cur strings.Builder
	for i := range len(s) {
		unit := escapeTXT(s[i], base)
		if cur.Len()+len(unit) > maxTXT {
			parts = append(parts, cur.String())
			cur.Reset()
		}
		cur.WriteString(unit)
	}
	return append(parts, cur.String())
}

func escapeTXT(c byte, base int) string {
	switch {
	case c == '"' || c == '\\':
		return `\` + string(c)
	case c >= ' ' && c <= '~':
		return string(c)
	case base == 8:
		return fmt.Sprintf(`\%03o`, c)
	}
	return fmt.Sprintf(`\%03d`, c)
}

func unquoteTXT(a *args) (value.Value, error) {
	s, err := txtInput(a, "unquote_txt")
	if err != nil {
		return nil, err
	}
	base, err := escapeBase(a)
	if err != nil {
		return nil, err
	}
	var out []byte
	for rest := strings.TrimLeft(s, " "); rest != ""; rest = strings.TrimLeft(rest, " ") {
		if out, rest, err = readTXT(out, rest, base); err != nil {
			return nil, err
		}
	}
	return value.Str(strings.ToValidUTF8(string(out), "\uFFFD")), nil
}

// readTXT appends the character string that s starts with to out and gives what
// follows it.
func readTXT(out []byte, s string, base int) ([]byte, string, error) {
	quoted := s[0] == '"'
	if quoted {
		s = s[1:]
	}
	for s != "" {
		switch c := s[0]; {
		case c == '"' && quoted:
			return out, s[1:], nil
		case c == '"':
			return nil, "", errors.New("a double quotation mark stands inside a part without quotes: write a space before it or escape it")
		case c == ' ' && !quoted:
			return out, s, nil
		case c == '\\':
			b, n, err := unescapeTXT(s, base)
			if err != nil {
				return nil, "", err
			}
			out, s = append(out, b), s[n:]
		default:
			out, s = append(out, c), s[1:]
		}
	}
	if quoted {
		return nil, "", errors.New("the last double quotation mark is missing")
	}
	return out, "", nil
}

// unescapeTXT reads the escape that s starts with and gives its length too.
func unescapeTXT(s string, base int) (byte, int, error) {
	if len(s) > 1 && (s[1] == '\\' || s[1] == '"') {
		return s[1], 2, nil
	}
	const digits = 3
	if len(s) <= digits {
		return 0, 0, fmt.Errorf("the escape '%s' at the end is cut off", s)
	}
	n := 0
	for _, c := range []byte(s[1 : 1+digits]) {
		d := int(c) - '0'
		if d < 0 || d >= base {
			return 0, 0, fmt.Errorf("the escape '%s' is none: a backslash stands before '\\', '\"' or three digits", s[:1+digits])
		}
		n = n*base + d
	}
	if n > 0xff {
		return 0, 0, fmt.Errorf("the escape '%s' is no byte", s[:1+digits])
	}
	return byte(n), 1 + digits, nil
}
