package modules

import (
	"strings"

	"drover/modules/target"
)

// expandPath expands $VAR and ${VAR}, ~ and ~user as seen on the host. A
// variable that is not set stays as it is written.
func expandPath(h target.Host, p string) string {
	if strings.Contains(p, "$") {
		p = expandVars(h, p)
	}
	if !strings.HasPrefix(p, "~") {
		return p
	}
	name, rest, slash := strings.Cut(p[1:], "/")
	home := h.Getenv("HOME")
	if name != "" {
		u, ok := h.Users().User(name)
		if !ok {
			return p
		}
		home = u.Home
	} else if home == "" {
		home = h.Users().Current().Home
	}
	if slash {
		return strings.TrimRight(home, "/") + "/" + rest
	}
	return home
}

// expandVars expands the variables of the host's environment in text.
func expandVars(h target.Host, s string) string {
	var b strings.Builder
	for {
		i := strings.IndexByte(s, '$')
		if i < 0 {
			b.WriteString(s)
			return b.String()
		}
		b.WriteString(s[:i])
		name, n := varName(s[i+1:])
		if v := h.Getenv(name); name != "" && v != "" {
			b.WriteString(v)
		} else {
			b.WriteString(s[i : i+1+n])
		}
		s = s[i+1+n:]
	}
}

// varName reads NAME or {NAME} at the start of s and says how long it is.
func varName(s string) (name string, n int) {
	if strings.HasPrefix(s, "{") {
		end := strings.IndexByte(s, '}')
		if end < 0 {
			return "", 0
		}
		return s[1:end], end + 1
	}
	for n < len(s) && (s[n] == '_' || s[n] >= '0' && s[n] <= '9' || s[n]|0x20 >= 'a' && s[n]|0x20 <= 'z') {
		n++
	}
	return s[:n], n
}
