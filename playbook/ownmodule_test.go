package playbook

import (
	"path/filepath"
	"strings"
	"testing"
)

func TestKindOf(t *testing.T) {
	for text, want := range map[string]ModuleKind{
		"#!/bin/sh\necho '{}'\n":         OldStyle,
		"#!/usr/bin/perl\n# WANT_JSON\n": WantJSON,
		"\x7fELF\x02\x01\x01\x00":        BinaryProgram,
		"#!/usr/bin/python\nprint('<<INCLUDE_ANSIBLE_MODULE_JSON_ARGS>>')\n":    JSONInside,
		"#!/usr/bin/python\nfrom ansible.module_utils.basic import *\n":         PythonLibrary,
		"#!/usr/bin/python\nfrom ansible.module_utils import basic\n":           PythonLibrary,
		"import ansible.module_utils.basic\n# WANT_JSON\n":                      PythonLibrary,
		"from ..module_utils.x import y\n":                                      PythonLibrary,
		"from ansible_collections.a.b.plugins.module_utils.c import (\n  D,\n)": PythonLibrary,
		"#!/usr/bin/python\n#<<INCLUDE_ANSIBLE_MODULE_COMMON>>\n":               PythonLibrary,
		"#!powershell\n#Requires -Module Ansible.ModuleUtils.Legacy\n":          PowerShell,
		"#!/bin/sh\n# läuft überall\n":                                          OldStyle,
	} {
		if got := kindOf([]byte(text)); got != want {
			t.Errorf("%q is %s, want %s", text, got, want)
		}
	}
}

func TestModuleNames(t *testing.T) {
	const shell, python = "#!/bin/sh\n", "from ansible.module_utils.basic import AnsibleModule\n"
	dir := writeFiles(t, map[string]string{
		"library/mine.sh": shell, "library/notes.md": "", "library/ping": shell, "library/copy.sh": shell, "library/stat.py": python,
		"paths/one/two/deep": shell, "paths/one/two/three/deeper": shell,
		"collections/ansible_collections/a/b/plugins/modules/theirs.rb": shell, "collections/ansible_collections/a/b/plugins/action/act.py": "",
		"action_plugins/planned.py": "",
	})
	o := testOptions()
	o.LibraryPaths = []string{filepath.Join(dir, "paths")}
	o.HasAction = func(fqcn string) bool { return fqcn == "ansible.builtin.copy" }
	r := NewLoader(o).reader(nil)
	r.playbook = filepath.Join(dir, "site.yml")
	for _, tc := range []struct {
		name, collections, module, file string
		missing                         bool
	}{
		{name: "mine", module: "ansible.legacy.mine", file: "mine.sh"},
		{name: "ansible.legacy.mine", module: "ansible.legacy.mine", file: "mine.sh"},
		{name: "notes"},
		{name: "copy", module: "ansible.builtin.copy"}, // its work begins on the controller
		{name: "deep", module: "ansible.legacy.deep", file: "deep"},
		{name: "deeper"},
		{name: "a.b.theirs", module: "a.b.theirs", file: "theirs.rb"},
		{name: "theirs", collections: "a.b", module: "a.b.theirs", file: "theirs.rb"},
		{name: "theirs"},
		{name: "a.b.act", module: "a.b.act", file: "act.py"},
		{name: "planned", module: "ansible.legacy.planned", file: "planned.py"},
		{name: "dnf", module: "ansible.builtin.dnf"},
		{name: "firewalld", module: "ansible.posix.firewalld", missing: true},
		{name: "ansible.builtin.firewalld", module: "ansible.posix.firewalld", missing: true},
		{name: "pacman", module: "community.general.pacman", missing: true},
		{name: "ns.unknown.module", module: "ns.unknown.module", missing: true},
		{name: "community.general.ini_fil"},
		{name: "ansible.builtin.coppy"},
		{name: "firewald"},
		{name: "community.nothing"},
	} {
		var collections []string
		if tc.collections != "" {
			collections = strings.Split(tc.collections, ",")
		}
		got, ok := r.module(tc.name, collections)
		file := ""
		if got.own != nil {
			file = filepath.Base(got.own.Path)
		}
		if got.module != tc.module || file != tc.file || got.missing != tc.missing || ok != (tc.module != "") {
			t.Errorf("%s is %q (file %q, missing %v), want %q (%q, %v)", tc.name, got.module, file, got.missing, tc.module, tc.file, tc.missing)
		}
	}
}
