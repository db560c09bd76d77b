package jmes

import (
	"fmt"
	"strings"

	"drover/playbook/value"
)

// token is a piece of an expression.
type token struct {
	kind string // an operator itself, or "name", "number", "literal", "end"
	text string
	lit  value.Value
	pos  int
}

var operators = []string{"||", "&&", "==", "!=", "<=", ">=", "[?", "[]", ".", "*", ",", ":", "{", "}", "[", "]", "(", ")", "@", "&", "|", "<", ">", "!"}

// lex splits an expression into tokens; the last one is "end".
func lex(s string) ([]token, error) {
	var out []token
	for i := 0; i < len(s); {
		c := s[i]
		switch {
		case strings.IndexByte(" \t\r\n", c) >= 0:
			i++
			continue
		case c == '_' || isLetter(c):
			n := run(s[i:], func(c byte) bool { return c == '_' || isLetter(c) || isDigit(c) })
			out = append(out, token{kind: "name", text: s[i : i+n], pos: i})
			i += n
			continue
		case isDigit(c) || c == '-' && i+1 < len(s) && isDigit(s[i+1]):
			n := 1 + run(s[i+1:], isDigit)
			out = append(out, token{kind: "number", text: s[i : i+n], pos: i})
			i += n
			continue
		case c == '"' || c == '\'' || c == '`':
			t, n, err := quoted(s, i)
			if err != nil {
				return nil, err
			}
			out = append(out, t)
			i += n
			continue
		}
		op := operatorAt(s[i:])
		if op == "" {
			return nil, fmt.Errorf("Bad jmespath expression: Unknown token %c at column %d", c, i)
		}
		out = append(out, token{kind: op, text: op, pos: i})
		i += len(op)
	}
	return append(out, token{kind: "end", pos: len(s)}), nil
}

func operatorAt(s string) string {
	for _, op := range operators {
		if strings.HasPrefix(s, op) {
			return op
		}
	}
	return ""
}

func isDigit(c byte) bool  { return c >= '0' && c <= '9' }
func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

func run(s string, in func(byte) bool) int {
	n := 0
	for n < len(s) && in(s[n]) {
		n++
	}
	return n
}

// quoted reads a quoted name, a raw string or a JSON literal at s[i].
func quoted(s string, i int) (token, int, error) {
	q := s[i]
	end := i + 1
	for end < len(s) && s[end] != q {
		if s[end] == '\\' {
			end++
		}
		end++
	}
	if end >= len(s) {
		return token{}, 0, fmt.Errorf("Bad jmespath expression: Unclosed %c delimiter at column %d", q, i)
	}
	body := s[i+1 : end]
	n := end + 1 - i
	switch q {
	case '\'':
		return token{kind: "literal", lit: value.Str(strings.ReplaceAll(body, `\'`, `'`)), pos: i}, n, nil
	case '"':
		v, err := value.ParseJSON([]byte(s[i : end+1]))
		if err != nil {
			return token{}, 0, fmt.Errorf("Bad jmespath expression: Invalid identifier at column %d: %w", i, err)
		}
		return token{kind: "name", text: value.String(v), pos: i}, n, nil
	}
	body = strings.TrimLeft(strings.ReplaceAll(body, "\\`", "`"), " \t\r\n")
	v, err := value.ParseJSON([]byte(body))
	if err != nil { // a bare word is a string
		if v, err = value.ParseJSON([]byte(`"` + body + `"`)); err != nil {
			return token{}, 0, fmt.Errorf("Bad jmespath expression: Bad token `%s` at column %d", body, i)
		}
	}
	return token{kind: "literal", lit: v, pos: i}, n, nil
}
