package modules

import (
	"slices"
	"strings"
	"testing"
)

func TestEveryModuleIsDocumented(t *testing.T) {
	seen := map[string]bool{}
	for _, m := range Builtin() {
		s := m.Spec()
		if seen[s.Name] {
			t.Errorf("%s is listed twice", s.Name)
		}
		seen[s.Name] = true
		if nameOf(m) != s.Name {
			t.Errorf("%s goes by the name of %s", s.Name, nameOf(m))
		}
		if s.Summary == "" || s.Doc == "" || s.Examples == "" || !strings.Contains(s.Name, ".") {
			t.Errorf("%s lacks documentation", s.Name)
		}
		for _, a := range s.Args {
			if a.Doc == "" {
				t.Errorf("%s: argument %s lacks documentation", s.Name, a.Name)
			}
		}
	}
}

func TestRulesNameArguments(t *testing.T) {
	for _, m := range Builtin() {
		s := m.Spec()
		sets := slices.Concat(s.MutuallyExclusive, s.RequiredOneOf, s.RequiredTogether)
		for _, r := range s.RequiredIf {
			sets = append(sets, append([]string{r.Arg}, r.Needs...))
		}
		for name, needs := range s.RequiredBy {
			sets = append(sets, append([]string{name}, needs...))
		}
		for _, name := range slices.Concat(sets...) {
			if !slices.ContainsFunc(s.Args, func(a Arg) bool { return a.Name == name }) {
				t.Errorf("%s: a rule names %s, which is no argument", s.Name, name)
			}
		}
	}
}
