package action

import (
	"context"
	"slices"
	"strings"

	"drover/inventory"
	"drover/modules"
	"drover/playbook/value"
)

type addHostArgs struct {
	Name   string      `arg:"name" alias:"host,hostname" doc:"The host's name, with its port after a colon if it has one."`
	Groups value.Value `arg:"groups" alias:"group,groupname" type:"raw" doc:"The groups it joins: a list, or a string separated by commas."`
}

func addHostSpec() *modules.Spec {
	return modules.SpecOf[addHostArgs](modules.Spec{
		Name:     "ansible.builtin.add_host",
		Summary:  "Add a host to the inventory of this run",
		Doc:      "Adds a host, or groups and variables to a host that is there, for the plays after this one. Every other argument is a variable of the host. It runs once, not for each host.",
		AnyArgs:  true,
		Check:    modules.CheckFull,
		Examples: "- ansible.builtin.add_host:\n    name: \"{{ new_address }}\"\n    groups: [created, web]\n    role: frontend\n",
		Returns:  []modules.Return{{Name: "add_host", Type: "dict", When: "always", Doc: "host_name, groups and host_vars."}},
	})
}

func addHost(_ context.Context, t Task) (*value.Dict, error) {
	args := t.Args()
	if raw, ok := args.Lookup("_raw_params"); ok {
		d, isDict := raw.(*value.Dict)
		if !isDict {
			return nil, modules.Failf("Invalid raw parameters passed, requires a dictionary/mapping got a %s", raw.Type())
		}
		args.Delete(value.Str("_raw_params"))
		args = d.Clone().Update(args)
	}
	given := firstOf(args, "name", "hostname", "host")
	if given == value.None {
		return nil, modules.Failf("name, host or hostname needs to be provided")
	}
	groups, err := groupList(firstOf(args, "groupname", "groups", "group"))
	if err != nil {
		return nil, err
	}
	name, port, err := inventory.ParseAddress(value.String(given), false)
	if err != nil {
		name, port = value.String(given), 0
	}
	vars := value.NewDict(args.Len())
	for _, e := range args.Entries() {
		if !slices.Contains([]string{"name", "hostname", "groupname", "groups"}, value.String(e.Key)) {
			vars.Set(e.Key, e.Val)
		}
	}
	if port != 0 {
		vars.Put("ansible_ssh_port", value.Int(port))
	}
	host := value.DictOf("host_name", name, "groups", groups, "host_vars", vars)
	return value.DictOf("changed", false, "add_host", host), nil
}

// firstOf gives the first of several arguments that is set, or None.
func firstOf(args *value.Dict, names ...string) value.Value {
	for _, n := range names {
		if v := args.At(n); v != value.None {
			return v
		}
	}
	return value.None
}

// groupList reads groups given as a list or as a string with commas.
func groupList(v value.Value) (*value.List, error) {
	var names []string
	switch v := v.(type) {
	case *value.List:
		for _, e := range v.Elems {
			names = append(names, value.String(e))
		}
	case value.Str, value.Secret:
		names = strings.Split(value.String(v), ",")
	default:
		if value.Truth(v) {
			return nil, modules.Failf("Groups must be specified as a list.")
		}
	}
	groups := value.NewList()
	for _, n := range names {
		n = strings.TrimSpace(n)
		if n != "" && !slices.ContainsFunc(groups.Elems, func(g value.Value) bool { return value.String(g) == n }) {
			groups.Append(value.Str(n))
		}
	}
	return groups, nil
}

type groupByArgs struct {
	Key     string   `arg:"key" required:"true" doc:"The name of the group; blanks become dashes."`
	Parents []string `arg:"parents" default:"all" doc:"The groups it goes below."`
}

func groupBySpec() *modules.Spec {
	return modules.SpecOf[groupByArgs](modules.Spec{
		Name:     "ansible.builtin.group_by",
		Options:  true,
		Summary:  "Put hosts into groups by what is known of them",
		Doc:      "Makes a group for the rest of the run and puts the host into it.",
		Check:    modules.CheckFull,
		Examples: "- ansible.builtin.group_by:\n    key: os_{{ ansible_facts.distribution }}\n",
		Returns:  []modules.Return{{Name: "add_group", Type: "str", When: "always", Doc: "The group's name."}, {Name: "parent_groups", Type: "list", When: "always", Doc: "The groups above it."}},
	})
}

func groupBy(_ context.Context, t Task) (*value.Dict, error) {
	if !given(t, "key") {
		return nil, modules.Failf("the 'key' param is required when using group_by")
	}
	a, err := decode[groupByArgs](t, groupBySpec())
	if err != nil {
		return nil, err
	}
	parents := value.NewList()
	for _, p := range a.Parents {
		parents.Append(value.Str(dashed(p)))
	}
	return value.DictOf("changed", false, "add_group", dashed(a.Key), "parent_groups", parents), nil
}

func dashed(name string) string { return strings.ReplaceAll(name, " ", "-") }
