package action

import (
	"context"

	"drover/internal/lazyre"
	"drover/modules"
	"drover/playbook/value"
)

type setFactArgs struct {
	Cacheable bool `arg:"cacheable" default:"false" doc:"Whether the variables also become facts and go to the fact cache."`
}

func setFactSpec() *modules.Spec {
	return modules.SpecOf[setFactArgs](modules.Spec{
		Name:     "ansible.builtin.set_fact",
		Summary:  "Set variables of a host",
		Doc:      "Evaluates its arguments now and sets them as variables of the host for the rest of the run.",
		AnyArgs:  true,
		Check:    modules.CheckFull,
		Examples: "- ansible.builtin.set_fact:\n    release: \"{{ version }}-{{ build }}\"\n    cacheable: true\n",
		Returns:  []modules.Return{{Name: "ansible_facts", Type: "dict", When: "always", Doc: "The variables."}},
	})
}

// identifier matches what may be a variable's name.
var identifier = lazyre.New(`^[A-Za-z_][A-Za-z0-9_]*$`)

// badName words the error for a name that can't be a variable's.
func badName(name string) string {
	return "The variable name '" + name + "' is not valid. Variables must start with a letter or underscore character, and contain only letters, numbers and underscores."
}

func setFact(_ context.Context, t Task) (*value.Dict, error) {
	a, err := decode[setFactArgs](t, setFactSpec())
	if err != nil {
		return nil, err
	}
	facts := value.NewDict(t.Args().Len())
	for _, e := range t.Args().Entries() {
		if value.String(e.Key) == "cacheable" {
			continue
		}
		name, err := keyName(t, e.Key)
		if err != nil {
			return nil, err
		}
		facts.Put(name, t.Jinja().Env().Retype.Fact(e.Val))
	}
	if facts.Len() == 0 {
		return nil, modules.Failf("No key/value pairs provided, at least one is required for this action to succeed")
	}
	return value.DictOf("changed", false, "ansible_facts", facts, "_ansible_facts_cacheable", a.Cacheable), nil
}

// keyName evaluates the name of an argument, which may be a template when the
// playbook itself has it.
func keyName(t Task, key value.Value) (string, error) {
	name := value.String(key)
	if _, written, _ := t.RawArgs().Get(key); written && !identifier.MatchString(name) {
		v, err := t.Jinja().Evaluate(&value.Template{Src: name, Pos: t.Pos()})
		if err != nil {
			return "", err
		}
		name = value.String(v)
	}
	if !identifier.MatchString(name) {
		if t.Jinja().Env().Lenient {
			return "", modules.Failf("%s", badName(name))
		}
		return "", modules.Failf("Invalid variable name %s. A name has letters, digits and underscores, and does not begin with a digit", value.Repr(value.Str(name)))
	}
	return name, nil
}
