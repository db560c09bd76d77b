package engine

import (
	"slices"
	"sort"

	"drover/playbook"
	"drover/playbook/event"
	"drover/playbook/value"
)

// Listing is what --list-hosts, --list-tasks and --list-tags show of a play.
type Listing struct {
	Name    string
	Pattern string
	Hosts   []string
	Tags    []string // the play's own, sorted
	Tasks   []ListedTask
	// TaskTags are the tags of all tasks that take part, sorted, each once.
	TaskTags []string
}

// ListedTask is one static task of a Listing.
type ListedTask struct {
	Name string // "role : name", as it is written
	Tags []string
}

// List shows what a playbook would run on, and which tasks, without running
// any: static imports are followed, includes are one task each.
func (e *Engine) List(book *playbook.Playbook) ([]Listing, error) {
	var out []Listing
	for _, p := range book.Plays {
		pr := e.run.newPlay(p)
		pr.vars = appendDict(appendDict(nil, p.ImportVars), p.Vars)
		if err := pr.readKeywords(); err != nil {
			return nil, err
		}
		hosts, err := pr.matchHosts()
		if err != nil {
			return nil, err
		}
		ev := keywordReader{ctx: e.run.context(pr.known()), base: &p.Base}
		l := Listing{Name: pr.name, Pattern: hostsText(ev.value("hosts", p.Hosts))}
		for _, h := range hosts {
			l.Hosts = append(l.Hosts, h.Name)
		}
		for _, t := range p.Tags {
			l.Tags = append(l.Tags, tagNames(ev.value("tags", t))...)
		}
		sort.Strings(l.Tags)
		pr.list(&l)
		if err := e.run.faulted(); err != nil {
			return nil, err
		}
		out = append(out, l)
	}
	return out, nil
}

func (pr *playRun) list(l *Listing) {
	b := pr.newBatch(nil)
	pr.eachListed(func(t *playbook.Task) {
		if !b.takesPart(t) {
			return
		}
		tags := slices.Clone(b.info(t).Tags)
		sort.Strings(tags)
		tags = slices.Compact(tags)
		l.TaskTags = append(l.TaskTags, tags...)
		l.Tasks = append(l.Tasks, ListedTask{Name: listedName(t), Tags: tags})
	})
	sort.Strings(l.TaskTags)
	l.TaskTags = slices.Compact(l.TaskTags)
}

// eachListed visits the tasks that a list shows: those that run when nothing
// fails, and of the implied ones the checks of roles' arguments.
func (pr *playRun) eachListed(visit func(*playbook.Task)) {
	var walk func(steps []playbook.Step)
	walk = func(steps []playbook.Step) {
		for _, s := range steps {
			switch s := s.(type) {
			case *playbook.Block:
				walk(s.Body)
			case *playbook.Task:
				if !s.Implicit || s.Role != nil {
					visit(s)
				}
			}
		}
	}
	walk(pr.steps())
}

// listedName names a task as Ansible's lists do: one without a name by its
// action alone.
func listedName(t *playbook.Task) string {
	if t.Name == nil {
		return t.Action
	}
	info := event.TaskInfo{Name: value.String(t.Name), Role: headingRole(t)}
	return info.Heading()
}
