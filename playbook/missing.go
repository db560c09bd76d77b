package playbook

import (
	_ "embed"
	"slices"
	"strings"
	"sync"

	"drover/playbook/source"
)

// absent are modules of Ansible's own that drover does not bring. A playbook
// for several systems names them in tasks that are skipped elsewhere, so that
// only running one is an error.
var absent = []string{"dnf", "dnf5", "yum", "expect", "mount_facts", "rpm_key", "subversion", "sysvinit", "yum_repository"}

//go:embed moved.txt
var movedText string

// moved gives the full names of the modules that once were Ansible's own, by
// the short names that they had.
var moved = sync.OnceValue(func() map[string]string {
	all := map[string]string{}
	collection := ""
	for line := range strings.Lines(movedText) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "#") {
			continue
		}
		if c, ok := strings.CutSuffix(line, ":"); ok {
			collection = c
			continue
		}
		for _, word := range strings.Fields(line) {
			old, now, renamed := strings.Cut(word, "=")
			if !renamed {
				now = old
			}
			all[old] = collection + "." + now
		}
	}
	return all
})

// missing resolves the name of a module that drover does not have: it may have
// moved to a collection that is installed, and there under another name.
func (r *reader) missing(name string) (resolved, bool) {
	m, ok := r.l.missing(name)
	if !ok || !m.missing {
		return m, ok
	}
	to, _ := r.routed(m.module)
	parts := strings.SplitN(to, ".", 3)
	if own := r.collectionModule(parts[0]+"."+parts[1], parts[2]); own != nil {
		return resolved{module: to, own: own}, true
	}
	return m, true
}

// missing resolves the name of a module that exists, as far as one can tell,
// but not in drover: one of Ansible's, one that was Ansible's once, or any
// module of a collection that drover knows nothing of. A name that is close to
// one of drover's in the same collection is rather a typing mistake.
func (l *Loader) missing(name string) (resolved, bool) {
	short, isBuiltin := strings.CutPrefix(name, builtin)
	if slices.Contains(absent, short) {
		// These have always been told of only when a task gets there.
		return resolved{module: builtin + short}, true
	}
	if fqcn, ok := moved()[short]; ok {
		return resolved{module: fqcn, missing: true}, true
	}
	if isBuiltin || strings.Count(name, ".") < 2 {
		return resolved{}, false
	}
	at := strings.LastIndexByte(name, '.') + 1
	var known []string
	for _, n := range l.names() {
		if last, ok := strings.CutPrefix(n, name[:at]); ok {
			known = append(known, last)
		}
	}
	if source.Suggest(name[at:], known) != "" && moved()[name[at:]] != name {
		return resolved{}, false
	}
	return resolved{module: name, missing: true}, true
}

// conditional reports whether a task, or what it stands in, has a condition.
func conditional(t *Task) bool {
	found := false
	Chain(t, nil, func(b *Base) bool {
		found = len(b.When) > 0
		return !found
	})
	return found
}
