package filters

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"drover/playbook/jinja"
	"drover/playbook/value"
)

// urlFilters take URLs apart.
var urlFilters = []entry{
	{"urldecode", "value encoding?", urlDecode, 0},
	{"urlsplit", "value query?", urlSplitFilter, 0},
}

// urlTests say whether something is a URL.
var urlTests = []entry{
	{"uri", "value schemes?", uriTest, 0},
	{"url", "value schemes?", urlTest, 0},
	{"urn", "value", urnTest, 0},
}

func urlDecode(a *args) (value.Value, error) {
	return value.Str(unquotePlus(a.str("value"))), nil
}

// unquotePlus decodes %xx and plus signs; what is no escape stays, and bytes
// that are not UTF-8 become replacement characters.
func unquotePlus(s string) string {
	s = strings.ReplaceAll(s, "+", " ")
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			if b, err := strconv.ParseUint(s[i+1:i+3], 16, 8); err == nil {
				out = append(out, byte(b))
				i += 2
				continue
			}
		}
		out = append(out, s[i])
	}
	return strings.ToValidUTF8(string(out), "\ufffd")
}

// splitURL is a URL taken apart as Python's urlsplit does.
type splitURL struct {
	scheme, netloc, path, query, fragment string
}

func parseURL(s string) (splitURL, error) {
	s = strings.TrimLeft(s, "\x00\x01\x02\x03\x04\x05\x06\x07\x08\t\n\x0b\x0c\r\x0e\x0f\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f ")
	s = strings.NewReplacer("\t", "", "\r", "", "\n", "").Replace(s)
	var u splitURL
	if i := strings.IndexByte(s, ':'); i > 0 && isScheme(s[:i]) {
		u.scheme, s = strings.ToLower(s[:i]), s[i+1:]
	}
	if rest, ok := strings.CutPrefix(s, "//"); ok {
		end := strings.IndexAny(rest, "/?#")
		if end < 0 {
			end = len(rest)
		}
		u.netloc, s = rest[:end], rest[end:]
		if strings.Contains(u.netloc, "[") != strings.Contains(u.netloc, "]") {
			return u, errors.New("Invalid IPv6 URL")
		}
	}
	s, u.fragment, _ = strings.Cut(s, "#")
	u.path, u.query, _ = strings.Cut(s, "?")
	return u, nil
}

func isScheme(s string) bool {
	for i := range len(s) {
		c := s[i]
		if !isASCIILetter(c) && (i == 0 || !isDigit(c) && c != '+' && c != '-' && c != '.') {
			return false
		}
	}
	return true
}

// userinfo gives user and password, None where there is none.
func (u splitURL) userinfo() (username, password value.Value) {
	username, password = value.None, value.None
	i := strings.LastIndexByte(u.netloc, '@')
	if i < 0 {
		return username, password
	}
	name, pw, hasPW := strings.Cut(u.netloc[:i], ":")
	if hasPW {
		password = value.Str(pw)
	}
	return value.Str(name), password
}

// hostport gives host and port as text, each empty when missing.
func (u splitURL) hostport() (host, port string) {
	loc := u.netloc[strings.LastIndexByte(u.netloc, '@')+1:]
	if _, inside, ok := strings.Cut(loc, "["); ok {
		host, port, _ = strings.Cut(inside, "]")
		_, port, _ = strings.Cut(port, ":")
		return host, port
	}
	host, port, _ = strings.Cut(loc, ":")
	return host, port
}

// attributes gives all parts as the urlsplit filter shows them.
func (u splitURL) attributes() (*value.Dict, error) {
	username, password := u.userinfo()
	hostname, port := value.None, value.None
	host, portText := u.hostport()
	if host != "" {
		name, zone, hasZone := strings.Cut(host, "%")
		if hasZone {
			zone = "%" + zone
		}
		hostname = value.Str(strings.ToLower(name) + zone)
	}
	if portText != "" {
		n, err := strconv.ParseUint(portText, 10, 63)
		if err != nil {
			return nil, fmt.Errorf("Port could not be cast to integer value as %s", value.Repr(value.Str(portText)))
		}
		if n > 65535 {
			return nil, errors.New("Port out of range 0-65535")
		}
		port = value.Int(n)
	}
	return value.DictOf(
		"fragment", u.fragment, "hostname", hostname, "netloc", u.netloc, "password", password,
		"path", u.path, "port", port, "query", u.query, "scheme", u.scheme, "username", username), nil
}

func urlSplitFilter(a *args) (value.Value, error) {
	s, ok := value.AsString(a.val("value"))
	if !ok && value.Truth(a.val("value")) {
		return nil, fmt.Errorf("'%s' object has no attribute 'decode'", a.val("value").Type())
	}
	u, err := parseURL(s)
	if err != nil {
		return nil, err
	}
	parts, err := u.attributes()
	if err != nil {
		return nil, err
	}
	if !ok {
		bytesParts(parts)
	}
	query := ""
	if value.Truth(a.val("query")) {
		query = a.str("query")
	}
	if query == "" {
		return parts, nil
	}
	v, ok := parts.Lookup(query)
	if !ok {
		return nil, fmt.Errorf("urlsplit: unknown URL component: %s", query)
	}
	return v, nil
}

// bytesParts makes the texts of a URL bytes with a method to decode them, which
// is what Python makes of nothing.
func bytesParts(parts *value.Dict) {
	parts.Put("decode", &jinja.Func{Name: "decode"})
	for _, e := range parts.Entries() {
		if s, ok := value.AsString(e.Val); ok {
			parts.Set(e.Key, value.Bytes(s))
		}
	}
}

// hasScheme reports whether the tested URL has one of the wanted schemes; no
// wanted ones allow any.
func (a *args) hasScheme(u splitURL) bool {
	if !a.truth("schemes") {
		return true
	}
	return slices.ContainsFunc(a.list("schemes"), func(v value.Value) bool { return value.String(v) == u.scheme })
}

func (a *args) url() (splitURL, bool) {
	s, ok := value.AsString(a.val("value"))
	if !ok && !value.Truth(a.val("value")) {
		return splitURL{}, true
	}
	if !ok {
		return splitURL{}, false
	}
	u, err := parseURL(s)
	return u, err == nil
}

func uriTest(a *args) (value.Value, error) {
	u, ok := a.url()
	return value.Bool(ok && a.hasScheme(u)), nil
}

func urlTest(a *args) (value.Value, error) {
	u, ok := a.url()
	return value.Bool(ok && a.hasScheme(u) && (u.netloc != "" || u.scheme == "file")), nil
}

func urnTest(a *args) (value.Value, error) {
	u, ok := a.url()
	return value.Bool(ok && u.scheme == "urn"), nil
}
