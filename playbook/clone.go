package playbook

import (
	"strings"
	"time"
)

// stepsKey says for which places steps of a file are the same but for their
// surroundings.
func (r *reader) stepsKey(path string, at place) string {
	parts := []string{path}
	if at.handler {
		parts = append(parts, "handlers")
	}
	if r.hasDefaults(&Base{}, at) {
		parts = append(parts, "defaults")
	}
	if at.role != nil {
		parts = append(parts, "role", at.role.Path)
	} else {
		parts = append(parts, "play", r.playbook)
	}
	return strings.Join(append(parts, r.collections(nil, at)...), "\x00")
}

// cachedSteps gives steps that cacheSteps kept, unless their file changed.
func (l *Loader) cachedSteps(key, path string) ([]Step, bool) {
	f := l.parse(path)
	l.cache.mu.Lock()
	defer l.cache.mu.Unlock()
	steps, ok := l.cache.steps[key+f.stamp()]
	return steps, ok
}

func (l *Loader) cacheSteps(key, path string, steps []Step) {
	f := l.parse(path)
	l.cache.mu.Lock()
	defer l.cache.mu.Unlock()
	l.cache.steps[key+f.stamp()] = steps
}

// stamp tells versions of a file apart.
func (f *parsedFile) stamp() string { return "\x00" + f.modified.Format(time.RFC3339Nano) }

// cloneSteps copies steps to another place. Only what differs is copied:
// keywords and arguments are shared.
func cloneSteps(steps []Step, parent *Block, play *Play, role *Role) []Step {
	if steps == nil {
		return nil
	}
	out := make([]Step, len(steps))
	for i, s := range steps {
		switch s := s.(type) {
		case *Task:
			t := *s
			t.Parent, t.Play, t.Role = parent, play, role
			out[i] = &t
		case *Block:
			b := *s
			b.Parent, b.Play, b.Role = parent, play, role
			b.Body = cloneSteps(s.Body, &b, play, role)
			b.Rescue = cloneSteps(s.Rescue, &b, play, role)
			b.Always = cloneSteps(s.Always, &b, play, role)
			out[i] = &b
		}
	}
	return out
}
