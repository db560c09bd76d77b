package action

import (
	"context"
	"slices"
	"strings"

	"drover/modules"
	"drover/playbook/value"
)

type setStatsArgs struct {
	Data      value.Value `arg:"data" type:"dict" doc:"The stats, names and values."`
	PerHost   value.Value `arg:"per_host" type:"raw" default:"false" doc:"Whether they count for each host, instead of for the run."`
	Aggregate value.Value `arg:"aggregate" type:"raw" default:"true" doc:"Whether a value is added to the one that is there, instead of replacing it."`
}

func setStatsSpec() *modules.Spec {
	return modules.SpecOf[setStatsArgs](modules.Spec{
		Name:     "ansible.builtin.set_stats",
		Options:  true,
		Summary:  "Report numbers of the run",
		Doc:      "Collects values that are shown at the end of the run, or passed on to whoever started it.",
		Check:    modules.CheckFull,
		Examples: "- ansible.builtin.set_stats:\n    data:\n      deployed: \"{{ version }}\"\n",
		Returns:  []modules.Return{{Name: "ansible_stats", Type: "dict", When: "always", Doc: "data, per_host and aggregate."}},
	})
}

func setStats(_ context.Context, t Task) (*value.Dict, error) {
	if v := t.Args().At("data"); v != value.None {
		if _, ok := v.(*value.Dict); !ok {
			return nil, modules.Failf("The 'data' option needs to be a dictionary/hash")
		}
	}
	a, err := decode[setStatsArgs](t, setStatsSpec())
	if err != nil {
		return nil, err
	}
	data, _ := a.Data.(*value.Dict)
	for _, e := range data.Entries() {
		if name := value.String(e.Key); !identifier.MatchString(name) {
			return nil, modules.Failf("%s", badName(name))
		}
	}
	if data == nil {
		data = value.NewDict(0)
	}
	stats := value.DictOf("data", data, "per_host", saysYes(a.PerHost), "aggregate", saysYes(a.Aggregate))
	return value.DictOf("changed", false, "ansible_stats", stats), nil
}

// saysYes reads a flag; as in Ansible, what is no boolean counts as false.
func saysYes(v value.Value) bool {
	switch v := v.(type) {
	case value.Bool:
		return bool(v)
	case value.Int:
		return v == 1
	}
	return slices.Contains([]string{"y", "yes", "on", "1", "true", "t", "1.0"}, strings.ToLower(value.String(v)))
}
