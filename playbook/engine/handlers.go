package engine

import (
	"drover/playbook"
	"drover/playbook/event"
	"drover/playbook/source"
	"drover/playbook/value"
)

// flattenHandlers gives the handlers of a list in order, without the frames
// that imports put around them.
func flattenHandlers(steps []playbook.Step) []playbook.Step {
	var out []playbook.Step
	for _, s := range steps {
		switch s := s.(type) {
		case *playbook.Block:
			out = append(out, flattenHandlers(s.Body)...)
		case *playbook.Task:
			out = append(out, s)
		}
	}
	return out
}

// byPrecedence gives handlers in the order in which a name finds them: those
// of the play before those of its roles, later roles first; within one list
// the first comes first.
func byPrecedence(handlers []playbook.Step) []*playbook.Task {
	out := make([]*playbook.Task, 0, len(handlers))
	for end := len(handlers); end > 0; {
		role, start := handlers[end-1].(*playbook.Task).Role, end-1
		for start > 0 && handlers[start-1].(*playbook.Task).Role == role {
			start--
		}
		for _, h := range handlers[start:end] {
			out = append(out, h.(*playbook.Task))
		}
		end = start
	}
	return out
}

// handlersFor is findHandlers, looked up once for all hosts.
func (b *batch) handlersFor(name string) []*playbook.Task {
	if n := len(b.play.handlers); b.meant == nil || b.meantOf != n { // includes bring more
		b.meant, b.meantOf = map[string][]*playbook.Task{}, n
	}
	found, ok := b.meant[name]
	if !ok {
		found = b.play.findHandlers(name, b.info)
		b.meant[name] = found
	}
	return found
}

// findHandlers gives the handlers that a notification means: the one with that
// name (also "role : name"), and all that listen to it.
func (pr *playRun) findHandlers(name string, info func(*playbook.Task) *event.TaskInfo) []*playbook.Task {
	var found []*playbook.Task
	handlers := byPrecedence(pr.handlers)
	for _, h := range handlers {
		if pr.unusable(h, info(h).Name) {
			continue
		}
		if n := info(h).Name; n != "" && (name == n || name == info(h).Heading() || h.Role != nil && name == roleName(h.Role)+" : "+n) {
			found = append(found, h)
			break
		}
	}
	seen := map[string]bool{}
	for _, h := range handlers {
		n := info(h).Name
		if !listens(h, name) || n != "" && seen[n] {
			continue
		}
		seen[n] = true
		found = append(found, h)
	}
	return found
}

// unusable reports whether a handler's name is a template that could not be
// evaluated, which the user is told of when nothing else can notify it.
func (pr *playRun) unusable(h *playbook.Task, name string) bool {
	t, isTemplate := h.Name.(*value.Template)
	if !isTemplate || t.Src != name {
		return false
	}
	if len(h.Listen) == 0 {
		pr.run.warn(h.Pos, "Handler '"+name+"' is unusable because it has no listen topics and its name could not be templated "+
			"(variables of hosts are not known in the names of handlers)")
	}
	return true
}

// listens reports whether a handler listens to a topic. Topics are not
// templates.
func listens(h *playbook.Task, topic string) bool {
	for _, l := range h.Listen {
		for _, t := range append(splitTags(tagNames(l)), value.String(l)) {
			if t == topic || h.Role != nil && (h.Role.Role+" : "+t == topic || roleName(h.Role)+" : "+t == topic) {
				return true
			}
		}
	}
	return false
}

func (b *batch) unknownHandler(o *outcome, name string) {
	var known []string
	for _, h := range b.play.handlers {
		known = append(known, b.info(h.(*playbook.Task)).Name)
	}
	pos := o.step.task.Keys["notify"]
	if !pos.Known() {
		pos = o.step.task.Pos
	}
	err := source.Errorf(pos, "The requested handler '%s' was not found in either the main handlers list nor in the listening handlers list%s",
		name, source.DidYouMean(name, known)).WithHint("a handler must be in 'handlers:' of the play or in handlers/main.yml of one of its roles")
	if b.run.cfg.AllowMissingHandlers {
		b.run.warn(pos, err.Msg)
		return
	}
	b.run.fault(&RunError{err})
}

// mark notes handlers that are to run for a host.
func (b *batch) mark(s *seat, handlers []*playbook.Task) {
	for _, h := range handlers {
		if !s.notified[h] {
			s.notified[h] = true
			b.run.emit(event.Notified{Handler: b.info(h).Heading(), Host: s.name})
		}
	}
}

// flush sends a host that has notified handlers through them.
func (b *batch) flush(s *seat) {
	for _, name := range s.notifications {
		b.mark(s, b.handlersFor(name))
	}
	s.notifications = nil
	if len(s.notified) > 0 {
		s.cursor.pushHandlers(b.play.handlers)
	}
}
