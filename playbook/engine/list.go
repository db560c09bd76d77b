package engine

import (
	"slices"
	"sort"

	"drover/playbook"
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
	Name string // "role : name"
	Tags []string
}

// List shows what a playbook would run on, and which tasks, without running
// any: static imports are followed, includes are one task each.
func (e *Engine) List(book *playbook.Playbook) ([]Listing, error) {
	var out []Listing
	for _, p := range book.Plays {
		pr := &playRun{run: e.run, play: p}
		pr.exportRoles()
		pr.vars = appendDict(appendDict(nil, p.ImportVars), p.Vars)
		if err := pr.readKeywords(); err != nil {
			return nil, err
		}
		hosts, err := pr.matchHosts()
		if err != nil {
			return nil, err
		}
		ev := keywordReader{ctx: e.run.context(e.run.extraScope(pr.vars...)), base: &p.Base}
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
	pr.eachTask(func(t *playbook.Task) {
		if t.Implicit || !b.takesPart(t) {
			return
		}
		info := b.info(t)
		tags := slices.Clone(info.Tags)
		sort.Strings(tags)
		tags = slices.Compact(tags)
		l.TaskTags = append(l.TaskTags, tags...)
		l.Tasks = append(l.Tasks, ListedTask{Name: info.Heading(), Tags: tags})
	})
	sort.Strings(l.TaskTags)
	l.TaskTags = slices.Compact(l.TaskTags)
}
