package modules

import (
	"context"
	"slices"
	"strings"

	"drover/modules/target"
	"drover/playbook/value"
)

type capabilitiesArgs struct {
	Path       string `arg:"path" alias:"key" required:"true" doc:"The program."`
	Capability string `arg:"capability" alias:"cap" required:"true" doc:"The capability with operator and flags, as cap_net_bind_service=ep; its name is enough for one that shall go."`
	State      string `arg:"state" default:"present" choices:"absent,present" doc:"Whether the program has it."`
}

// capabilitiesModule gives a program single rights of root.
func capabilitiesModule() Module {
	return Define(Spec{
		Name:     "community.general.capabilities",
		Summary:  "Give programs single rights of root",
		Doc:      "Makes a file have a capability or not, with the host's getcap and setcap (package libcap2-bin). Write it as getcap shows it: cap_x=ep, or cap_x+ep before libcap 2.40, else every run is a change.",
		Check:    CheckFull,
		Examples: "- name: A server on port 80 without root\n  community.general.capabilities:\n    path: /opt/shop/bin/server\n    capability: cap_net_bind_service=ep\n",
		Returns:  []Return{{"msg", "str", "when changed", "That capabilities changed."}, {"stdout", "str", "when changed", "What setcap said."}},
	}, runCapabilities)
}

// fileCap is one capability of a file: its name, and operator and flags.
type fileCap struct{ name, flags string }

func runCapabilities(ctx context.Context, h target.Host, c *Call, a *capabilitiesArgs) (*Result, error) {
	file := strings.TrimSpace(a.Path)
	for _, program := range []string{"getcap", "setcap"} {
		if _, err := requireTool(h, program); err != nil {
			return nil, err
		}
	}
	want := parseCap(strings.ToLower(strings.TrimSpace(a.Capability)))
	if want.flags == "" && a.State == "present" {
		return nil, Failf("Couldn't find operator (one of: ('=', '-', '+'))")
	}
	now, err := fileCaps(ctx, h, file)
	if err != nil {
		return nil, err
	}
	others := slices.DeleteFunc(slices.Clone(now), func(f fileCap) bool { return f.name == want.name })
	if a.State == "absent" && len(others) == len(now) || a.State == "present" && slices.Contains(now, want) {
		return new(Result).Set("state", a.State), nil
	}
	res := &Result{Changed: true, Msg: "capabilities changed"}
	if c.Check {
		return res, nil
	}
	if a.State == "present" {
		others = append(others, want)
	}
	var words []string
	for _, f := range others {
		words = append(words, f.name+f.flags)
	}
	out, err := runTool(ctx, h, "setcap", strings.Join(words, " "), file)
	if err == nil && out.RC != 0 {
		err = FailWith(value.DictOf("stdout", out.Stdout, "stderr", out.Stderr), "Unable to set capabilities of %s", file)
	}
	return res.Set("state", a.State).Set("stdout", out.Stdout), err
}

// parseCap splits a capability before its operator.
func parseCap(word string) fileCap {
	at := strings.IndexAny(word, "=-+")
	if at < 0 {
		return fileCap{name: word}
	}
	return fileCap{word[:at], word[at:]}
}

// fileCaps reads what a file has. getcap answers "FILE cap_a,cap_b=ep", in old
// versions "FILE = cap_a,cap_b+ep", and complains with success.
func fileCaps(ctx context.Context, h target.Host, file string) ([]fileCap, error) {
	out, err := runTool(ctx, h, "getcap", "-v", file)
	if err != nil {
		return nil, err
	}
	said := strings.TrimSpace(out.Stdout)
	rest, ours := strings.CutPrefix(said, file)
	if out.RC != 0 || out.Stderr != "" || !ours || strings.HasSuffix(rest, ")") {
		return nil, FailWith(value.DictOf("stdout", said, "stderr", out.Stderr), "Unable to get capabilities of %s", file)
	}
	var caps []fileCap
	for _, word := range strings.Fields(strings.ToLower(strings.TrimPrefix(rest, " ="))) {
		group := parseCap(word)
		for _, name := range strings.Split(group.name, ",") {
			caps = append(caps, fileCap{name, group.flags})
		}
	}
	return caps, nil
}
