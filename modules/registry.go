package modules

import (
	"strings"
	"sync"
)

// builtin lists every module, sorted by name. To add one, write its file and
// add a line here.
var builtin = sync.OnceValue(func() []Module {
	return []Module{
		aclModule(),
		alternativesModule(),
		aptKeyModule(),
		aptModule(),
		aptRepositoryModule(),
		archiveModule(),
		assembleModule(),
		asyncStatusModule(),
		authorizedKeyModule(),
		backupModule(),
		blockinfileModule(),
		capabilitiesModule(),
		commandModule(),
		copyModule(),
		cronModule(),
		deb822Module(),
		debconfModule(),
		dpkgSelectionsModule(),
		dhparamModule(),
		expectModule(),
		fetchModule(),
		fileModule(),
		findModule(),
		gemModule(),
		getentModule(),
		getURLModule(),
		gitModule(),
		groupModule(),
		hostnameModule(),
		htpasswdModule(),
		iptablesModule(),
		keypairModule(),
		knownHostsModule(),
		iniFileModule(),
		lineinfileModule(),
		localeGenModule(),
		makeModule(),
		modprobeModule(),
		mountModule(),
		mysqlDBModule(),
		mysqlInfoModule(),
		mysqlQueryModule(),
		mysqlUserModule(),
		mysqlVariablesModule(),
		npmModule(),
		packageFactsModule(),
		pamLimitsModule(),
		pamdModule(),
		pingModule(),
		pipModule(),
		postgresDBModule(),
		postgresExtModule(),
		postgresPrivsModule(),
		postgresSchemaModule(),
		postgresUserModule(),
		replaceModule(),
		serviceFactsModule(),
		serviceModule(),
		setupModule(),
		shellModule(),
		slurpModule(),
		statModule(),
		supervisorModule(),
		sysctlModule(),
		sysstatModule(),
		systemdModule("systemd"),
		systemdModule("systemd_service"),
		tempfileModule(),
		timezoneModule(),
		ufwModule(),
		unarchiveModule(),
		uriModule(),
		userModule(),
		waitForModule(),
		xattrModule(),
	}
})

// Builtin gives all modules, sorted by name. The slice is shared: read only.
func Builtin() []Module { return builtin() }

// byName finds modules by their fully qualified name, also the one that only
// the engine calls.
var byName = sync.OnceValue(func() map[string]Module {
	m := make(map[string]Module, len(Builtin()))
	for _, mod := range append([]Module{programModule()}, Builtin()...) {
		m[nameOf(mod)] = mod
	}
	return m
})

// nameOf gives a module's fully qualified name, without working out its
// specification where it can.
func nameOf(m Module) string {
	if n, ok := m.(interface{ fullName() string }); ok {
		return n.fullName()
	}
	return m.Spec().Name
}

// Lookup finds a module by its fully qualified name, by its name below
// ansible.legacy, or by its short name.
func Lookup(name string) (Module, bool) {
	if m, ok := byName()[name]; ok {
		return m, true
	}
	short, isLegacy := strings.CutPrefix(name, "ansible.legacy.")
	if !isLegacy && strings.Contains(name, ".") {
		return nil, false
	}
	for _, prefix := range []string{"ansible.builtin.", "drover.builtin.", "ansible.posix.", "community.general.", "community.mysql.", "community.postgresql.", "community.crypto."} {
		if m, ok := byName()[prefix+short]; ok {
			return m, true
		}
	}
	return nil, false
}

// shortName gives the last part of a fully qualified name.
func shortName(name string) string { return name[strings.LastIndexByte(name, '.')+1:] }
