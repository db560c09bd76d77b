package action

import (
	"context"

	"drover/modules"
	"drover/playbook/value"
)

type failArgs struct {
	Msg value.Value `arg:"msg" type:"raw" default:"Failed as requested from task" doc:"Why the play can't go on, any value."`
}

func failSpec() *modules.Spec {
	return modules.SpecOf[failArgs](modules.Spec{
		Name:     "ansible.builtin.fail",
		Options:  true,
		Summary:  "Fail with a message",
		Doc:      "Fails; use it with when to stop a host that can't be handled.",
		Check:    modules.CheckFull,
		Examples: "- ansible.builtin.fail:\n    msg: only Debian is supported\n  when: ansible_facts.os_family != 'Debian'\n",
		Returns:  []modules.Return{{Name: "msg", Type: "str", When: "always", Doc: "The message given."}},
	})
}

func fail(_ context.Context, t Task) (*value.Dict, error) {
	a, err := decode[failArgs](t, failSpec())
	if err != nil {
		return nil, err
	}
	if v, ok := t.Args().Lookup("msg"); ok && v == value.None {
		a.Msg = v
	}
	return value.DictOf("failed", true, "msg", a.Msg), nil
}
