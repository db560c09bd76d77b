package action

import (
	"context"
	"strings"

	"drover/modules"
	"drover/playbook/value"
)

type gatherFactsArgs struct {
	Parallel *bool `arg:"parallel" doc:"Accepted; modules are called one after another on their host."`
}

func gatherFactsSpec() *modules.Spec {
	return modules.SpecOf[gatherFactsArgs](modules.Spec{
		Name:     "ansible.builtin.gather_facts",
		Summary:  "Collect facts about a host",
		Doc:      "Calls setup, or the modules that the variable ansible_facts_modules lists, with its arguments.",
		AnyArgs:  true,
		Check:    modules.CheckFull,
		Examples: "- ansible.builtin.gather_facts:\n",
		Returns:  []modules.Return{{Name: "ansible_facts", Type: "dict", When: "success", Doc: "The facts."}},
	})
}

// setupModule is what gathers facts unless somebody says otherwise.
const setupModule = "ansible.builtin.setup"

func gatherFacts(ctx context.Context, t Task) (*value.Dict, error) {
	names, err := factModules(t)
	if err != nil {
		return nil, err
	}
	g := &gathering{facts: value.NewDict(64), failed: value.NewDict(0), skipped: value.NewDict(0)}
	for _, name := range names {
		result, err := t.Invoke(ctx, name, factArgs(t, name), nil)
		if err != nil {
			return nil, err
		}
		g.add(name, result)
	}
	return g.result(len(names)), nil
}

// factModules lists the modules to call.
func factModules(t Task) ([]string, error) {
	v, ok, err := t.Jinja().Lookup("ansible_facts_modules")
	if err != nil {
		return nil, err
	}
	if !ok {
		return []string{setupModule}, nil
	}
	var names []string
	if list, isList := v.(*value.List); isList {
		for _, e := range list.Elems {
			names = append(names, value.String(e))
		}
	} else {
		names = strings.Split(value.String(v), ",")
	}
	for i, n := range names {
		switch n = strings.TrimSpace(n); n {
		case "smart", "setup", "ansible.legacy.setup":
			names[i] = setupModule
		default:
			if full, ok := moduleNamed(n); ok {
				n = full
			}
			names[i] = n
		}
	}
	return names, nil
}

// factArgs gives the arguments for one module: those of setup go only there.
func factArgs(t Task, module string) *value.Dict {
	args := without(t.Args(), "parallel")
	for _, e := range args.Clone().Entries() {
		if e.Val == value.None {
			args.Delete(e.Key)
		}
	}
	if module == setupModule {
		return args
	}
	for _, name := range []string{"gather_subset", "gather_timeout", "filter"} {
		v, ok := args.Lookup(name)
		if !ok {
			continue
		}
		args.Delete(value.Str(name))
		if s := value.String(v); name != "gather_subset" || s != "all" && s != "['all']" {
			t.Warn("Not passing " + strings.TrimPrefix(name, "gather_") + "(" + s + ") to " + module)
		}
	}
	return args
}

// gathering combines the results of fact modules.
type gathering struct {
	facts, failed, skipped *value.Dict
	warnings               []value.Value
}

func (g *gathering) add(name string, result *value.Dict) {
	switch {
	case value.Truth(result.At("failed")):
		g.failed.Put(name, result)
	case value.Truth(result.At("skipped")):
		g.skipped.Put(name, result)
	default:
		if facts, ok := result.At("ansible_facts").(*value.Dict); ok {
			g.facts.Update(facts)
		}
		if w, ok := result.At("warnings").(*value.List); ok {
			g.warnings = append(g.warnings, w.Elems...)
		}
	}
}

func (g *gathering) result(modules int) *value.Dict {
	r := value.DictOf("changed", false, "ansible_facts", g.facts)
	if len(g.warnings) > 0 {
		r.Put("warnings", value.NewList(g.warnings...))
	}
	if g.skipped.Len() > 0 {
		r.Put("msg", value.Str("The following modules were skipped: "+joinKeys(g.skipped)+"\n"))
		r.Put("skipped_modules", g.skipped)
		if g.skipped.Len() == modules {
			r.Put("skipped", value.Bool(true))
		}
	}
	if g.failed.Len() > 0 {
		r.Put("failed", value.Bool(true))
		r.Put("msg", value.Str("The following modules failed to execute: "+joinKeys(g.failed)+"\n"+reasons(g.failed)))
		r.Put("failed_modules", g.failed)
	}
	r.Put("_ansible_verbose_override", value.Bool(true))
	return r
}

func joinKeys(d *value.Dict) string {
	var names []string
	for _, k := range d.Keys() {
		names = append(names, value.String(k))
	}
	return strings.Join(names, ", ")
}

// reasons gives the messages of failed modules, one a line.
func reasons(failed *value.Dict) string {
	var b strings.Builder
	for _, e := range failed.Entries() {
		if r, ok := e.Val.(*value.Dict); ok {
			b.WriteString(value.String(e.Key) + ": " + value.String(r.At("msg")) + "\n")
		}
	}
	return b.String()
}
