package config

import (
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"drover/internal/lazyre"
)

// rawValue is a setting's text before it gets its type; base is the folder
// that relative paths start from.
type rawValue struct {
	text string
	env  Environ
	base string
}

// A kind gives a raw value its type and stores it in a field of Config, which
// get reads.
type kind struct {
	set func(rawValue) error
	get func() any
}

// into makes a kind that stores in *p.
func into[T any](p *T, set func(rawValue) error) kind {
	return kind{set: set, get: func() any { return *p }}
}

func text(p *string) kind {
	return into(p, func(r rawValue) error { *p = unquote(r.text); return nil })
}

func oneOf(p *string, choices ...string) kind {
	return into(p, func(r rawValue) error {
		*p = unquote(r.text)
		if slices.Contains(choices, *p) {
			return nil
		}
		return fmt.Errorf("%q is none of %s", *p, strings.Join(choices, ", "))
	})
}

func integer(p *int) kind {
	return into(p, func(r rawValue) (err error) {
		*p, err = strconv.Atoi(strings.TrimSpace(unquote(r.text)))
		if err != nil {
			return fmt.Errorf("%q is not a whole number", r.text)
		}
		return nil
	})
}

func seconds(p *time.Duration) kind {
	return into(p, func(r rawValue) error {
		n, err := strconv.ParseFloat(strings.TrimSpace(unquote(r.text)), 64)
		if err != nil {
			return fmt.Errorf("%q is not a number of seconds", r.text)
		}
		*p = time.Duration(n * float64(time.Second))
		return nil
	})
}

func boolean(p *bool) kind {
	return into(p, func(r rawValue) error {
		switch strings.ToLower(unquote(r.text)) {
		case "y", "yes", "on", "1", "true", "t", "1.0":
			*p = true
		case "n", "no", "off", "0", "false", "f", "0.0", "":
			*p = false
		default:
			return fmt.Errorf("%q is not a boolean", r.text)
		}
		return nil
	})
}

func path(p *string) kind {
	return into(p, func(r rawValue) error {
		*p = unquote(r.text)
		if *p != "" {
			*p = expand(*p, r.env, r.base)
		}
		return nil
	})
}

// paths is a list of paths separated by ":".
func paths(p *[]string) kind {
	return into(p, func(r rawValue) error {
		*p = nil
		for s := range strings.SplitSeq(unquote(r.text), ":") {
			if s = strings.TrimSpace(s); s != "" {
				*p = append(*p, expand(s, r.env, r.base))
			}
		}
		return nil
	})
}

// sources is a list of inventories separated by commas, or, with a comma at
// its end, a list of hosts.
func sources(p *[]string) kind {
	return into(p, func(r rawValue) error {
		*p = nil
		if t := strings.TrimSpace(unquote(r.text)); strings.HasSuffix(t, ",") {
			*p = []string{t}
			return nil
		}
		for _, s := range splitList(r.text) {
			*p = append(*p, expand(s, r.env, r.base))
		}
		return nil
	})
}

func list(p *[]string) kind {
	return into(p, func(r rawValue) error { *p = splitList(r.text); return nil })
}

func splitList(text string) []string {
	var out []string
	for s := range strings.SplitSeq(unquote(text), ",") {
		if s = strings.TrimSpace(s); s != "" {
			out = append(out, s)
		}
	}
	return out
}

func unquote(s string) string {
	if n := len(s); n > 1 && (s[0] == '"' || s[0] == '\'') && s[n-1] == s[0] {
		return s[1 : n-1]
	}
	return s
}

var variable = lazyre.New(`\$(\w+|\{\w+\})`)

// expand resolves ~, $VARIABLES and the two placeholders that ansible.cfg
// knows, and makes the path absolute below base.
func expand(p string, env Environ, base string) string {
	p = strings.NewReplacer("{{CWD}}", env.Dir, "{{ CWD }}", env.Dir,
		"{{ ANSIBLE_HOME ~ \"", ansibleHome(env), "\" }}", "", "{{ ANSIBLE_HOME }}", ansibleHome(env)).Replace(p)
	p = variable.ReplaceAllStringFunc(p, func(m string) string {
		if v := env.Getenv(strings.Trim(m, "${}")); v != "" {
			return v
		}
		return m
	})
	if p == "~" || strings.HasPrefix(p, "~/") {
		p = env.Home + p[1:]
	}
	if !filepath.IsAbs(p) {
		p = filepath.Join(base, p)
	}
	return filepath.Clean(p)
}

func ansibleHome(env Environ) string {
	if h := env.Getenv("ANSIBLE_HOME"); h != "" {
		return h
	}
	return filepath.Join(env.Home, ".ansible")
}
