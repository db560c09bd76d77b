package inventory

import (
	"slices"
	"strings"
	"testing"

	"drover/playbook/value"
)

func TestAddAtRunTime(t *testing.T) {
	inv := load(t, strict, write(t, "hosts", "[web]\nw1\n"))
	h, changed, err := inv.AddHost("new", []string{"web", "fresh"}, value.DictOf("x", 1))
	if err != nil || !changed || h.Vars.At("x") != value.Int(1) {
		t.Fatalf("got %v %v %v", h, changed, err)
	}
	if _, changed, _ = inv.AddHost("new", []string{"web"}, value.DictOf("x", 1)); changed {
		t.Error("the same host again changed something")
	}
	if got := h.GroupNames(); !slices.Equal(got, []string{"fresh", "web"}) {
		t.Errorf("groups of new: %v", got)
	}
	if hosts, _ := inv.Match("web:&fresh"); len(hosts) != 1 || hosts[0] != h {
		t.Errorf("web:&fresh: %v", names(hosts))
	}
	if changed, err = inv.AddHostToGroup("w1", "os_Debian", "os"); err != nil || !changed {
		t.Errorf("group_by: %v %v", changed, err)
	}
	if hosts, _ := inv.Match("os"); strings.Join(names(hosts), " ") != "w1" {
		t.Errorf("os: %v", names(hosts))
	}
	if _, err = inv.AddHostToGroup("ghost", "g"); err == nil {
		t.Error("a host that is not there joined a group")
	}
	if _, _, err = inv.AddGroup("web", "web"); err == nil {
		t.Error("a group became its own child")
	}
}

func TestUngroupedFollowsGroups(t *testing.T) {
	inv := load(t, strict, write(t, "hosts", "lone\n"))
	h, _ := inv.Host("lone")
	if got := h.GroupNames(); !slices.Equal(got, []string{"ungrouped"}) {
		t.Errorf("before: %v", got)
	}
	if _, err := inv.AddHostToGroup("lone", "g"); err != nil {
		t.Fatal(err)
	}
	if got := h.GroupNames(); !slices.Equal(got, []string{"g"}) {
		t.Errorf("after: %v", got)
	}
}

func TestCarryOver(t *testing.T) {
	path := write(t, "hosts", "w1\nw2\n")
	old := load(t, strict, path)
	if _, _, err := old.AddHost("new", []string{"g"}, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := old.AddHostToGroup("w1", "g"); err != nil {
		t.Fatal(err)
	}
	fresh := load(t, strict, path)
	if err := fresh.CarryOver(old); err != nil {
		t.Fatal(err)
	}
	if hosts, _ := fresh.Match("g"); strings.Join(names(hosts), " ") != "new w1" {
		t.Errorf("g: %v", names(hosts))
	}
}

func TestLocalhost(t *testing.T) {
	inv := load(t, strict, "a,")
	implicit := inv.Localhost("localhost")
	if !implicit.Implicit || implicit.Vars.At("ansible_connection") != value.Str("local") {
		t.Errorf("implicit localhost: %+v", implicit)
	}
	if len(inv.Hosts()) != 1 {
		t.Error("the implicit localhost is in the list of hosts")
	}
	if inv := load(t, strict, "127.0.0.1,"); inv.Localhost("localhost").Implicit {
		t.Error("127.0.0.1 of the inventory is not taken as localhost")
	}
}
