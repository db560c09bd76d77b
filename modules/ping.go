package modules

import (
	"context"

	"drover/modules/target"
	"drover/playbook/value"
)

type pingArgs struct {
	Data string `arg:"data" default:"pong" doc:"What to answer. The word crash makes the module fail on purpose."`
}

// pingModule answers; it proves that the host can be reached and that the
// runner works there.
func pingModule() Module {
	return Define(Spec{
		Name:     "ansible.builtin.ping",
		Summary:  "Check that a host answers",
		Doc:      "Answers with the given text when the connection, the become method and the runner all work. It is not an ICMP ping, and needs no Python on the host.",
		Check:    CheckFull,
		Examples: "- name: Is everybody there?\n  ansible.builtin.ping:\n",
		Returns:  []Return{{"ping", "str", "success", "The text of data."}},
	}, runPing)
}

func runPing(_ context.Context, _ target.Host, _ *Call, a *pingArgs) (*Result, error) {
	if a.Data == "crash" {
		return nil, FailWith(value.DictOf("exception", "Exception: boom"), "Task failed: Module failed: boom")
	}
	return new(Result).Set("ping", a.Data), nil
}
