package filters

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"drover/internal/lazyre"
	"drover/playbook/filters/pyre"
	"drover/playbook/value"
)

// regexFilters search and replace with Python's regular expressions.
var regexFilters = []entry{
	{"regex_replace", "value? pattern? replacement? ignorecase? multiline? count? mandatory_count?", regexReplace, 0},
	{"regex_search", "value regex *groups **options", regexSearch, 0},
	{"regex_findall", "value regex multiline? ignorecase?", regexFindall, 0},
	{"regex_escape", "value re_type?", regexEscape, 0},
}

// regexTests match text.
var regexTests = []entry{
	{"regex", "value pattern? ignorecase? multiline? match_type?", regexTest, 0},
	{"search", "value pattern? ignorecase? multiline?", regexTest, 0},
	{"match", "value pattern? ignorecase? multiline?", matchTest, 0},
}

func regexFlags(ignoreCase, multiline bool) pyre.Flags {
	var f pyre.Flags
	if ignoreCase {
		f |= pyre.IgnoreCase
	}
	if multiline {
		f |= pyre.Multiline
	}
	return f
}

// pattern compiles an argument that is a regular expression.
func (a *args) pattern(name string, flags pyre.Flags) (*pyre.Regexp, error) {
	src := ""
	if a.lookup(name) != nil {
		s, ok := value.AsString(a.val(name))
		if !ok {
			return nil, fmt.Errorf("the regular expression must be a string, not '%s'", a.val(name).Type())
		}
		src = s
	}
	return pyre.Compile(src, flags)
}

// subject gives the text to search in; what is no text is printed.
func (a *args) subject() string {
	if a.lookup("value") == nil {
		return ""
	}
	return a.text("value")
}

func regexReplace(a *args) (value.Value, error) {
	re, err := a.pattern("pattern", regexFlags(a.truth("ignorecase"), a.truth("multiline")))
	if err != nil {
		return nil, err
	}
	count, mandatory := a.numOr("count", 0), a.numOr("mandatory_count", 0)
	replacement := a.strUnlessGiven("replacement", "")
	if a.err != nil {
		return nil, a.err
	}
	subject := a.subject()
	out, n := subject, 0
	if count >= 0 {
		if out, n, err = re.Sub(replacement, subject, count); err != nil {
			return nil, err
		}
	}
	if mandatory != 0 && n != mandatory {
		return nil, fmt.Errorf("'%s' should match %d times, but matches %d times in '%s'", a.text("pattern"), mandatory, n, subject)
	}
	return value.Str(out), nil
}

var (
	namedGroup    = lazyre.New(`^\\g<(\S+)>`)
	numberedGroup = lazyre.New(`^\\(\d+)`)
)

// groupArguments reads the \1 and \g<name> arguments of regex_search.
func (a *args) groupArguments() ([]string, error) {
	var groups []string
	for _, v := range a.rest {
		s, ok := value.AsString(v)
		if !ok {
			return nil, fmt.Errorf("'%s' object has no attribute 'startswith'", v.Type())
		}
		m := namedGroup.FindStringSubmatch(s)
		if m == nil {
			m = numberedGroup.FindStringSubmatch(s)
		}
		if m == nil {
			return nil, errors.New("Unknown argument")
		}
		groups = append(groups, m[1])
	}
	return groups, nil
}

func regexSearch(a *args) (value.Value, error) {
	groups, err := a.groupArguments()
	if err != nil {
		return nil, err
	}
	var flags pyre.Flags
	for _, kw := range a.extra {
		switch kw.Name {
		case "ignorecase":
			flags |= regexFlags(value.Truth(kw.Val), false)
		case "multiline":
			flags |= regexFlags(false, value.Truth(kw.Val))
		}
	}
	re, err := a.pattern("regex", flags)
	if err != nil {
		return nil, err
	}
	m, err := re.Search(a.subject())
	if err != nil || m == nil {
		return value.None, err
	}
	if len(groups) == 0 {
		s, _ := m.Group(0)
		return value.Str(s), nil
	}
	out := value.NewList()
	for _, name := range groups {
		i, ok := re.GroupIndex(name)
		if n, err := strconv.Atoi(name); err == nil {
			i, ok = n, n < m.Len()
		}
		if !ok {
			return nil, errors.New("no such group")
		}
		out.Append(groupValue(m, i, value.None))
	}
	return out, nil
}

func groupValue(m *pyre.Match, i int, missing value.Value) value.Value {
	if s, ok := m.Group(i); ok {
		return value.Str(s)
	}
	return missing
}

// regexFindall gives the matches; the group where the pattern has one, tuples
// where it has several.
func regexFindall(a *args) (value.Value, error) {
	re, err := a.pattern("regex", regexFlags(a.truth("ignorecase"), a.truth("multiline")))
	if err != nil {
		return nil, err
	}
	matches, err := re.FindAll(a.subject(), 0)
	if err != nil {
		return nil, err
	}
	out := value.NewList()
	for _, m := range matches {
		switch re.Groups() {
		case 0, 1:
			out.Append(groupValue(m, re.Groups(), value.Str("")))
		default:
			row := make(value.Tuple, re.Groups())
			for i := range row {
				row[i] = groupValue(m, i+1, value.Str(""))
			}
			out.Append(row)
		}
	}
	return out, nil
}

func regexEscape(a *args) (value.Value, error) {
	s := a.text("value")
	switch kind := a.strOr("re_type", "python"); kind {
	case "python":
		return value.Str(pyre.Escape(s)), nil
	case "posix_basic":
		var b strings.Builder
		for _, r := range s {
			if strings.ContainsRune(`].[^$*\`, r) {
				b.WriteByte('\\')
			}
			b.WriteRune(r)
		}
		return value.Str(b.String()), nil
	case "posix_extended":
		// A name that Ansible keeps free and refuses, in these words.
		return nil, fmt.Errorf("Regex type (%s) not yet implemented", kind)
	default:
		return nil, fmt.Errorf("Invalid regex type (%s)", kind)
	}
}

func regexTest(a *args) (value.Value, error) {
	kind := "search"
	if a.sig.index("match_type") >= 0 {
		kind = a.strOr("match_type", kind)
	}
	return matchBy(a, kind)
}

func matchTest(a *args) (value.Value, error) { return matchBy(a, "match") }

// matchBy matches with the method of Python's patterns called kind.
func matchBy(a *args, kind string) (value.Value, error) {
	re, err := a.pattern("pattern", regexFlags(a.truth("ignorecase"), a.truth("multiline")))
	if err != nil {
		return nil, err
	}
	find := re.Search
	switch kind {
	case "match":
		find = re.MatchPrefix
	case "fullmatch":
		find = re.FullMatch
	case "search":
	default:
		return nil, fmt.Errorf("match_type must be search, match or fullmatch, not '%s'", kind)
	}
	m, err := find(a.subject())
	return value.Bool(m != nil), err
}
