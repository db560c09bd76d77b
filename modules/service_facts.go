package modules

import (
	"context"
	"path"
	"strings"

	"drover/modules/target"
	"drover/playbook/value"
)

// serviceFactsModule lists the services as facts.
func serviceFactsModule() Module {
	return Define(Spec{
		Name:     "ansible.builtin.service_facts",
		Summary:  "List services as facts",
		Doc:      "Gives the fact services: the name of each service to its name, state (running, stopped, failed, …), status (enabled, disabled, …) and source.",
		Check:    CheckFull,
		Examples: "- ansible.builtin.service_facts:\n- ansible.builtin.debug:\n    var: ansible_facts.services['ssh.service'].state\n",
		Returns:  []Return{{"ansible_facts", "dict", "always", "The fact services."}},
	}, runServiceFacts)
}

func runServiceFacts(ctx context.Context, h target.Host, _ *Call, _ *struct{}) (*Result, error) {
	services := value.NewDict(128)
	listInitScripts(ctx, h, services)
	if _, err := h.Stat("/run/systemd/system"); err == nil {
		if err := listUnits(ctx, h, services); err != nil {
			return nil, err
		}
	}
	if services.Len() == 0 {
		return &Result{Skipped: true, Msg: "Failed to find any services. This can be due to privileges or some other configuration issue."}, nil
	}
	return &Result{Facts: value.DictOf("services", services)}, nil
}

// listInitScripts asks every init script, as service --status-all does.
func listInitScripts(ctx context.Context, h target.Host, services *value.Dict) {
	if _, err := h.LookPath("service"); err != nil {
		return
	}
	out, err := runTool(ctx, h, "service", "--status-all")
	if err != nil {
		return
	}
	for _, line := range strings.Split(out.Stdout+"\n"+out.Stderr, "\n") {
		f := strings.Fields(line)
		if len(f) == 4 && f[0] == "[" && f[2] == "]" {
			state := map[string]string{"+": "running"}[f[1]]
			services.Put(f[3], value.DictOf("name", f[3], "state", orText(state, "stopped"), "source", "sysv"))
		}
	}
}

// listUnits adds systemd's services: the loaded ones, then those that only
// have a file.
func listUnits(ctx context.Context, h target.Host, services *value.Dict) error {
	loaded, err := mustRun(ctx, h, "systemctl", "list-units", "--no-pager", "--type", "service", "--all", "--plain", "--no-legend")
	if err != nil {
		return err
	}
	for _, line := range strings.Split(loaded.Stdout, "\n") {
		if f := strings.Fields(line); len(f) >= 4 {
			name := path.Base(f[0])
			services.Put(name, value.DictOf("name", name, "state", unitFactState(f[1], f[2], f[3]), "status", unitLoadStatus(f[1]), "source", "systemd"))
		}
	}
	files, err := mustRun(ctx, h, "systemctl", "list-unit-files", "--no-pager", "--type", "service", "--all", "--no-legend")
	if err != nil {
		return err
	}
	for _, line := range strings.Split(files.Stdout, "\n") {
		f := strings.Fields(line)
		if len(f) < 2 {
			continue
		}
		if known, ok := services.At(f[0]).(*value.Dict); ok {
			known.Put("status", value.Str(f[1]))
			continue
		}
		state := map[bool]string{true: "unknown", false: "inactive"}[strings.Contains(f[0], "@.")]
		services.Put(f[0], value.DictOf("name", f[0], "state", state, "status", f[1], "source", "systemd"))
	}
	return nil
}

func unitFactState(load, active, sub string) string {
	switch {
	case load == "not-found" || load == "masked" || active == "failed" || load == "failed":
		if active == "failed" || load == "failed" {
			return "failed"
		}
		return "stopped"
	case sub == "running":
		return "running"
	}
	return "stopped"
}

// unitLoadStatus is what is known of a unit without a file.
func unitLoadStatus(load string) string {
	if load == "not-found" || load == "masked" || load == "failed" {
		return load
	}
	return "unknown"
}
