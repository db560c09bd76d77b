package inventory

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/dlclark/regexp2"

	"drover/internal/lazyre"
	"drover/playbook/source"
)

// Match gives the hosts that a pattern names, each once, in Ansible's order:
// the plain terms one after another, then only those that every "&term" names,
// without those that a "!term" names. A term is a name of a host or group, a
// glob, or "~" and a regular expression, with an optional subscript [n] or
// [from:to]. Separators without any term between them name all hosts. A term that matches nothing is a warning, or an error when the
// options say so.
func (inv *Inventory) Match(pattern string) ([]*Host, error) {
	if strings.TrimSpace(pattern) == "" {
		return nil, nil
	}
	inv.mu.Lock()
	defer inv.mu.Unlock()
	var hosts []*Host
	for _, term := range orderTerms(SplitPattern(pattern)) {
		named, err := inv.matchTerm(strings.TrimLeft(term[:1], "!&") + term[1:])
		if err != nil {
			return nil, err
		}
		switch term[0] {
		case '!':
			hosts = keep(hosts, named, false)
		case '&':
			hosts = keep(hosts, named, true)
		default:
			hosts = append(hosts, named...)
		}
	}
	return unique(hosts), nil
}

// keep gives the hosts whose presence in named is as wanted.
func keep(hosts, named []*Host, wanted bool) []*Host {
	set := make(map[*Host]bool, len(named))
	for _, h := range named {
		set[h] = true
	}
	return slices.DeleteFunc(hosts, func(h *Host) bool { return set[h] != wanted })
}

func unique(hosts []*Host) []*Host {
	seen := make(map[*Host]bool, len(hosts))
	return slices.DeleteFunc(hosts, func(h *Host) bool {
		again := seen[h]
		seen[h] = true
		return again
	})
}

// patternTerm is a term of a colon-separated pattern: anything but blanks and
// colons, or a whole bracketed expression.
var patternTerm = lazyre.New(`(?:[^\s:\[\]]|\[[^\]]*\])+`)

// SplitPattern cuts a host pattern into its terms. The separator is the comma;
// a pattern without one may use colons, unless it reads as one address.
func SplitPattern(pattern string) []string {
	var terms []string
	if strings.Contains(pattern, ",") {
		terms = strings.Split(pattern, ",")
	} else if _, _, err := ParseAddress(pattern, true); err == nil {
		terms = []string{pattern}
	} else {
		terms = patternTerm.FindAllString(pattern, -1)
	}
	var out []string
	for _, t := range terms {
		if t = strings.TrimSpace(t); t != "" && t != "!" && t != "&" {
			out = append(out, t)
		}
	}
	return out
}

// orderTerms puts the plain terms first, then intersections, then exclusions;
// without a plain term it starts from all hosts.
func orderTerms(terms []string) []string {
	var plain, and, not []string
	for _, t := range terms {
		switch t[0] {
		case '!':
			not = append(not, t)
		case '&':
			and = append(and, t)
		default:
			plain = append(plain, t)
		}
	}
	if len(plain) == 0 {
		plain = []string{"all"}
	}
	return slices.Concat(plain, and, not)
}

// matchTerm gives the hosts of one term without its modifier.
func (inv *Inventory) matchTerm(term string) ([]*Host, error) {
	if h, ok := inv.hosts[term]; ok {
		return []*Host{h}, nil
	}
	if hosts, ok := inv.matches[term]; ok {
		return hosts, nil
	}
	expr, sub := cutSubscript(term)
	hosts, err := inv.enumerate(expr)
	if err != nil {
		return nil, err
	}
	hosts, err = sub.apply(hosts, term)
	if err != nil {
		return nil, err
	}
	if inv.matches == nil {
		inv.matches = map[string][]*Host{}
	}
	inv.matches[term] = hosts
	return hosts, nil
}

// enumerate gives the hosts of all groups that expr matches and, when it
// matches no group or can match many names, the hosts it matches themselves.
func (inv *Inventory) enumerate(expr string) ([]*Host, error) {
	match, err := nameMatcher(expr)
	if err != nil {
		return nil, err
	}
	var hosts []*Host
	anyGroup := false
	for _, g := range inv.groupList {
		if match(g.Name) {
			anyGroup = true
			hosts = append(hosts, g.allHosts()...)
		}
	}
	if !anyGroup || expr[0] == '~' || strings.ContainsAny(expr, ".?*[") {
		for _, h := range inv.hostList {
			if match(h.Name) {
				hosts = append(hosts, h)
			}
		}
	}
	if len(hosts) == 0 && slices.Contains(localhostNames, expr) {
		hosts = append(hosts, inv.localhost(expr))
	}
	if len(hosts) == 0 && !anyGroup && expr != "all" {
		return nil, inv.mismatch(expr)
	}
	return unique(hosts), nil
}

// mismatch reports a pattern that names nothing.
func (inv *Inventory) mismatch(expr string) error {
	msg := "Could not match supplied host pattern, ignoring: " + expr
	switch inv.opts.PatternMismatch {
	case "ignore":
	case "error":
		return source.Errorf(source.Pos{}, "no host or group matches the pattern '%s'%s", expr, source.DidYouMean(expr, inv.names())).
			WithHint("list what there is with: drover inventory --graph")
	default:
		inv.opts.warn(msg)
	}
	return nil
}

func (inv *Inventory) names() []string {
	var names []string
	for _, g := range inv.groupList {
		names = append(names, g.Name)
	}
	for _, h := range inv.hostList {
		names = append(names, h.Name)
	}
	return names
}

// nameMatcher compiles a glob or, after a tilde, a regular expression that has
// to match at the start of a name.
func nameMatcher(expr string) (func(name string) bool, error) {
	if rest, ok := strings.CutPrefix(expr, "~"); ok {
		re, err := regexp2.Compile(`\A(?:`+rest+`)`, regexp2.None)
		if err != nil {
			return nil, source.Errorf(source.Pos{}, "invalid regular expression in host pattern '%s': %v", expr, err)
		}
		return func(name string) bool { ok, err := re.MatchString(name); return ok && err == nil }, nil
	}
	if !strings.ContainsAny(expr, "*?[") {
		return func(name string) bool { return name == expr }, nil
	}
	re, err := regexp.Compile(globExpr(expr))
	if err != nil {
		return nil, source.Errorf(source.Pos{}, "invalid host pattern '%s': %v", expr, err)
	}
	return re.MatchString, nil
}

// globExpr turns a shell glob into a regular expression for the whole name. An
// opening bracket without its end stands for itself.
func globExpr(glob string) string {
	var b strings.Builder
	b.WriteString(`(?s)\A`)
	for i := 0; i < len(glob); i++ {
		switch c := glob[i]; c {
		case '*':
			b.WriteString(".*")
		case '?':
			b.WriteByte('.')
		case '[':
			n := classEnd(glob[i:])
			if n == 0 {
				b.WriteString(`\[`)
				continue
			}
			b.WriteString(globClass(glob[i+1 : i+n]))
			i += n
		default:
			b.WriteString(regexp.QuoteMeta(string(c)))
		}
	}
	b.WriteString(`\z`)
	return b.String()
}

// classEnd gives the index of the bracket that ends the class s starts with, or 0.
func classEnd(s string) int {
	i := 1
	if i < len(s) && s[i] == '!' {
		i++
	}
	if i < len(s) && s[i] == ']' {
		i++
	}
	for ; i < len(s); i++ {
		if s[i] == ']' {
			return i
		}
	}
	return 0
}

func globClass(body string) string {
	negated := strings.HasPrefix(body, "!")
	body = strings.TrimPrefix(body, "!")
	body = strings.NewReplacer(`\`, `\\`, `[`, `\[`, `]`, `\]`, `^`, `\^`, `&`, `\&`).Replace(body)
	if negated {
		return "[^" + body + "]"
	}
	return "[" + body + "]"
}

// subscript is the [n] or [from:to] after a term; the zero subscript takes all.
type subscript struct {
	set, span bool
	from, to  int
}

var subscriptExpr = lazyre.New(`^(.+)\[(?:(-?[0-9]+)|([0-9]+)[:-]([0-9]*))\]$`)

func cutSubscript(term string) (expr string, s subscript) {
	m := subscriptExpr.FindStringSubmatch(term)
	if term[0] == '~' || m == nil {
		return term, s
	}
	s.set = true
	if m[2] != "" {
		s.from, _ = strconv.Atoi(m[2])
		return m[1], s
	}
	s.from, _ = strconv.Atoi(m[3])
	s.to, s.span = -1, true
	if m[4] != "" {
		s.to, _ = strconv.Atoi(m[4])
	}
	return m[1], s
}

// apply picks from hosts; both ends of a span belong to it. As in Ansible,
// [n:0] is the one host n.
func (s subscript) apply(hosts []*Host, term string) ([]*Host, error) {
	if !s.set || len(hosts) == 0 {
		return hosts, nil
	}
	if s.span && s.to != 0 {
		end := len(hosts)
		if s.to >= 0 {
			end = min(s.to+1, end)
		}
		return hosts[min(s.from, end):end], nil
	}
	i := s.from
	if i < 0 {
		i += len(hosts)
	}
	if i < 0 || i >= len(hosts) {
		return nil, source.Errorf(source.Pos{}, "No hosts matched the subscripted pattern '%s'", term).
			WithHint("the pattern without its subscript has %d hosts, counted from 0", len(hosts))
	}
	return hosts[i : i+1], nil
}

// ExpandLimit replaces every "@file" of a --limit by the terms in that file,
// one on a line, and gives a pattern separated by commas.
func ExpandLimit(limit string) (string, error) {
	var terms []string
	for _, t := range SplitPattern(limit) {
		path, isFile := strings.CutPrefix(t, "@")
		if !isFile {
			terms = append(terms, t)
			continue
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return "", fmt.Errorf("can't read the limit file of --limit %s: %w", t, err)
		}
		for line := range strings.Lines(string(data)) {
			if line = strings.TrimSpace(line); line != "" {
				terms = append(terms, line)
			}
		}
	}
	return strings.Join(terms, ","), nil
}
