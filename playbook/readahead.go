package playbook

import "runtime"

// readersAhead is how many read ahead, beside the one who needs the files.
func readersAhead() int { return runtime.GOMAXPROCS(0) - 1 }

// readAhead begins to parse the files that a use of a role is going to need.
// What is wrong with them is told by whoever asks for them.
func (l *Loader) readAhead(use *roleUse) {
	if cap(l.cache.ahead) == 0 {
		return
	}
	role := &Role{Path: use.where.path}
	go func() {
		l.cache.ahead <- struct{}{}
		defer func() { <-l.cache.ahead }()
		for _, name := range []string{"", "argument_specs"} {
			l.loadFirst(roleCandidates(role, "meta", name), false)
		}
		l.loadFirst(roleCandidates(role, "defaults", use.DefaultsFrom), true)
		l.loadFirst(roleCandidates(role, "vars", use.VarsFrom), true)
		l.loadFirst(roleCandidates(role, "tasks", use.TasksFrom), false)
		l.loadFirst(roleCandidates(role, "handlers", use.HandlersFrom), false)
	}()
}

// loadFirst loads the first of some paths that is there, or what is in it.
func (l *Loader) loadFirst(paths []string, vars bool) {
	for _, path := range paths {
		if !exists(path) {
			continue
		}
		for _, file := range varsFilesIn(path) {
			f := l.file(file)
			if f.load(); vars && f.err == nil {
				_, _ = f.vars()
			}
		}
		return
	}
}
