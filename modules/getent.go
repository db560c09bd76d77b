package modules

import (
	"context"
	"strings"

	"drover/modules/target"
	"drover/playbook/value"
)

type getentArgs struct {
	Database string `arg:"database" required:"true" doc:"passwd, group, hosts, services, …, whatever getent knows here."`
	Key      string `arg:"key" default:"" doc:"The entry to look up; all entries when not given."`
	Service  string `arg:"service" doc:"Ask only this source (files, ldap, …)."`
	Split    string `arg:"split" doc:"Character between the fields; a colon for the usual databases."`
	FailKey  bool   `arg:"fail_key" default:"true" doc:"Fail where the entry is missing; else its value is none."`
}

// getentModule reads the system's databases through getent. It changes nothing.
func getentModule() Module {
	return Define(Spec{
		Name:     "ansible.builtin.getent",
		Summary:  "Look up entries of the system's databases",
		Doc:      "Gives the entries of a database as the fact getent_DATABASE: the key to the list of the other fields.",
		Check:    CheckFull,
		Examples: "- ansible.builtin.getent:\n    database: passwd\n    key: root\n- ansible.builtin.debug:\n    var: ansible_facts.getent_passwd\n",
		Returns:  []Return{{"ansible_facts", "dict", "always", "The fact getent_DATABASE."}},
	}, runGetent)
}

func runGetent(ctx context.Context, h target.Host, _ *Call, a *getentArgs) (*Result, error) {
	argv := []string{"getent", a.Database}
	if a.Key != "" {
		argv = append(argv, a.Key)
	}
	if a.Service != "" {
		argv = append(argv, "-s", a.Service)
	}
	out, err := runTool(ctx, h, argv...)
	if err != nil {
		return nil, err
	}
	fact := "getent_" + a.Database
	missing := value.DictOf(a.Key, nil)
	switch {
	case out.RC == 0:
		return &Result{Facts: value.DictOf(fact, a.parse(out.Stdout))}, nil
	case out.RC == 2 && !a.FailKey:
		return &Result{Facts: value.DictOf(fact, missing), Msg: "One or more supplied key could not be found in the database."}, nil
	case out.RC == 1:
		return nil, Failf("Missing arguments, or database unknown.")
	case out.RC == 2:
		return nil, Failf("One or more supplied key could not be found in the database.")
	case out.RC == 3:
		return nil, Failf("Enumeration not supported on this database.")
	}
	return nil, Failf("Unexpected failure! %s", out.said())
}

// parse turns lines into key → other fields; a key that comes again gets a
// list of lists.
func (a *getentArgs) parse(text string) *value.Dict {
	colon := map[string]bool{"passwd": true, "shadow": true, "group": true, "gshadow": true}
	sep := a.Split
	if sep == "" && colon[a.Database] {
		sep = ":"
	}
	d := value.NewDict(16)
	seen := map[string]int{}
	for _, line := range strings.Split(text, "\n") {
		if line == "" {
			continue
		}
		fields := strings.Fields(line)
		if sep != "" {
			fields = strings.Split(line, sep)
		}
		if len(fields) == 0 {
			continue
		}
		rest := value.Strings(fields[1:]...)
		switch seen[fields[0]]++; seen[fields[0]] {
		case 1:
			d.Put(fields[0], rest)
		case 2:
			d.Put(fields[0], value.NewList(d.At(fields[0]), rest))
		default:
			d.At(fields[0]).(*value.List).Append(rest)
		}
	}
	return d
}
