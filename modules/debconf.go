package modules

import (
	"context"
	"slices"
	"strings"

	"drover/modules/target"
	"drover/playbook/value"
)

type debconfArgs struct {
	Name     string      `arg:"name" alias:"pkg" required:"true" doc:"The package."`
	Question string      `arg:"question" alias:"selection,setting" doc:"The question; without it the package's answers are only listed."`
	Vtype    string      `arg:"vtype" choices:"boolean,error,multiselect,note,password,seen,select,string,text,title" doc:"Kind of the answer."`
	Value    value.Value `arg:"value" alias:"answer" type:"raw" doc:"The answer."`
	Unseen   bool        `arg:"unseen" default:"false" doc:"Do not mark the question as seen, so that it is asked all the same."`
}

// debconfModule answers debconf's questions before a package asks them.
func debconfModule() Module {
	return Define(Spec{
		Name:    "ansible.builtin.debconf",
		Summary: "Answer the questions of Debian packages beforehand",
		Doc:     "Makes the answer to a package's question the given one. A password counts as changed when it differs from what debconf tells. It does not configure the package again.",
		Check:   CheckFull, Diff: true,
		Examples: "- name: Locale\n  ansible.builtin.debconf:\n    name: locales\n    question: locales/default_environment_locale\n    value: de_DE.UTF-8\n    vtype: select\n",
		Returns: []Return{
			{"current", "dict", "always", "The answers now."},
			{"previous", "dict", "when changed", "The answers before."},
		},
		RequiredTogether: [][]string{{"question", "vtype", "value"}},
	}, runDebconf)
}

func runDebconf(ctx context.Context, h target.Host, c *Call, a *debconfArgs) (*Result, error) {
	out, err := mustRun(ctx, h, "debconf-show", a.Name)
	if err != nil {
		return nil, err
	}
	before := parseDebconf(out.Stdout)
	res := new(Result).Set("msg", "").Set("current", before)
	if a.Question == "" {
		return res, nil
	}
	answer, err := a.answer()
	if err != nil {
		return nil, err
	}
	now := value.String(before.At(a.Question))
	if a.Vtype == "password" && a.Value != nil {
		if now, err = a.password(ctx, h); err != nil {
			return nil, err
		}
	}
	_, known := before.Lookup(a.Question)
	if known && a.same(now, answer) {
		return res, nil
	}
	res.Changed = true
	after := before.Clone()
	after.Put(a.Question, value.Str(answer))
	res.Set("current", after).Set("previous", before)
	if c.Diff && a.Vtype != "password" {
		state := func(text string) *value.Dict { return value.DictOf(a.Question, text) }
		res.Diff = []Diff{{BeforeState: state(value.String(before.At(a.Question))), AfterState: state(answer)}}
	}
	if c.Check {
		return res, nil
	}
	return res, a.set(ctx, h, answer)
}

// answer gives the answer as debconf writes it.
func (a *debconfArgs) answer() (string, error) {
	switch v := a.Value.(type) {
	case *value.List:
		parts := make([]string, v.Len())
		for i, e := range v.Elems {
			text, ok := value.AsString(e)
			if !ok {
				return "", Failf("Invalid value provided for 'multiselect': %s is no string", value.Repr(e))
			}
			parts[i] = text
		}
		slices.Sort(parts)
		return strings.Join(parts, ", "), nil
	case nil:
		return "", nil
	}
	text := value.String(a.Value)
	if a.Vtype == "boolean" {
		return strings.ToLower(text), nil
	}
	return text, nil
}

// same compares answers; the order of a list of choices does not count.
func (a *debconfArgs) same(now, answer string) bool {
	if _, isList := a.Value.(*value.List); isList {
		chosen := strings.Split(now, ", ")
		slices.Sort(chosen)
		now = strings.Join(chosen, ", ")
	}
	return now == answer
}

// set hands the answer over on standard input.
func (a *debconfArgs) set(ctx context.Context, h target.Host, answer string) error {
	argv := []string{"debconf-set-selections"}
	if a.Unseen {
		argv = append(argv, "-u")
	}
	line := strings.Join([]string{a.Name, a.Question, a.Vtype, answer}, " ")
	out, err := runToolWith(ctx, h, target.Cmd{Argv: argv, Stdin: strings.NewReader(line + "\n")})
	if err != nil {
		return err
	}
	return out.failure(argv)
}

// password asks debconf for a password, which debconf-show hides.
func (a *debconfArgs) password(ctx context.Context, h target.Host) (string, error) {
	cmd := target.Cmd{Argv: []string{"debconf-communicate", "-fnoninteractive", a.Name}, Stdin: strings.NewReader("GET " + a.Question + "\n")}
	out, err := runToolWith(ctx, h, cmd)
	code, text, _ := strings.Cut(strings.TrimRight(out.Stdout, "\n"), " ")
	if err != nil || code != "0" {
		return "", err
	}
	return text, nil
}

// parseDebconf reads "* question: answer"; the star means seen.
func parseDebconf(text string) *value.Dict {
	answers := value.NewDict(8)
	for _, line := range strings.Split(text, "\n") {
		if key, val, ok := strings.Cut(strings.TrimSpace(strings.TrimPrefix(line, "*")), ":"); ok {
			answers.Put(key, value.Str(strings.TrimSpace(val)))
		}
	}
	return answers
}
