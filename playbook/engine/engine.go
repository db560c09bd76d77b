package engine

import (
	"context"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"drover/inventory"
	"drover/playbook"
	"drover/playbook/action"
	"drover/playbook/event"
	"drover/playbook/jinja"
	"drover/playbook/source"
	"drover/playbook/value"
	"drover/playbook/vars"
)

// Engine runs playbooks with one configuration. Use it once.
type Engine struct{ run *run }

// New prepares a run. The Config's Inventory, Loader, Env, Pool, Modules and
// Sink must be set.
func New(c Config) *Engine {
	if c.Forks <= 0 {
		c.Forks = 50
	}
	if c.Poll == nil {
		c.Poll = new(15)
	}
	if c.ExtraVars == nil {
		c.ExtraVars = value.NewDict(0)
	}
	r := &run{
		cfg:     c,
		hosts:   hosts{byName: map[string]*host{}, hideFacts: c.HideFacts},
		plans:   plans{byTask: map[*playbook.Task]*plan{}, spec: c.Modules, noLog: c.NoLog},
		tags:    newTagFilter(c.Tags, c.SkipTags),
		actions: action.Builtin(),
		forks:   make(chan struct{}, c.Forks),
		custom:  map[string]*value.Dict{},
		prompts: map[string]value.Value{},
	}
	r.inv.Store(c.Inventory)
	r.folders.Read = c.Loader.VarsFile
	r.folders.Warn = func(msg string) { r.warn(source.Pos{}, msg) }
	return &Engine{run: r}
}

// run is the state of a whole run.
type run struct {
	cfg     Config
	hosts   hosts
	plans   plans
	folders inventory.VarsReader
	tags    tagFilter
	actions map[string]action.Action
	forks   chan struct{} // one token for each task at work

	inv                 atomic.Pointer[inventory.Inventory]
	inventoryGeneration atomic.Int64
	groupsMade          atomic.Pointer[groupsMade]
	splitLines          sync.Map // of ssh options: line to []string
	playbookDir         string   // of the playbook being run; changes only between plays

	emitMu  sync.Mutex
	faultMu sync.Mutex
	faults  source.List
	warned  sync.Map
	// jobSecrets are the *secrets of tasks that started a job, by its id: what
	// async_status brings later has them in it.
	jobSecrets sync.Map

	startedAt bool // a play had the task of --start-at-task
	custom    map[string]*value.Dict
	prompts   map[string]value.Value
	start     time.Time
	interrupt context.CancelFunc // ends the run as Ctrl-C does
}

func (r *run) inventory() *inventory.Inventory { return r.inv.Load() }

// emit sends an event to the sink, redacted, in order.
func (r *run) emit(e event.Event) {
	r.emitMu.Lock()
	defer r.emitMu.Unlock()
	r.cfg.Sink.Event(e)
}

// warn emits a warning once.
func (r *run) warn(pos source.Pos, text string) {
	if _, again := r.warned.LoadOrStore(pos.String()+text, true); !again {
		r.emit(event.Warning{Pos: pos, Text: text})
	}
}

// fault notes an error of the run itself; it ends the run after the tasks at
// work.
func (r *run) fault(err error) {
	r.faultMu.Lock()
	defer r.faultMu.Unlock()
	same := func(have error) bool { return source.Format(have) == source.Format(err) }
	if !slices.ContainsFunc(r.faults, same) { // several hosts come to the same one
		r.faults.Add(err)
	}
}

func (r *run) faulted() error {
	r.faultMu.Lock()
	defer r.faultMu.Unlock()
	return r.faults.Err()
}

// context gives an evaluator over a scope.
func (r *run) context(scope jinja.Scope) *jinja.Context {
	return jinja.NewContext(r.cfg.Env, scope)
}

// hostNamed finds a host of the inventory or the implicit localhost.
func (r *run) hostNamed(name string) (*host, bool) {
	inv := r.inventory()
	if h, ok := inv.Host(name); ok {
		return r.hosts.get(h), true
	}
	if isLocalhost(name) {
		return r.hosts.get(inv.Localhost(name)), true
	}
	return nil, false
}

func isLocalhost(name string) bool {
	return name == "localhost" || name == "127.0.0.1" || name == "::1"
}

// Run runs the playbooks in order. See api.go.
func (e *Engine) Run(ctx context.Context, books []*playbook.Playbook) (*Outcome, error) {
	r := e.run
	r.start = time.Now()
	ctx, r.interrupt = context.WithCancel(ctx)
	defer r.interrupt()
	if err := r.foresee(books); err != nil {
		return nil, err
	}
	paths := make([]string, len(books))
	for i, b := range books {
		paths[i] = b.Path
	}
	r.emit(event.RunStart{Playbooks: paths, Check: r.cfg.Check, Time: r.start})
	err := r.playbooks(ctx, books)
	if err == nil {
		err = r.faulted()
	}
	out := r.outcome(ctx)
	r.emit(event.RunEnd{Stats: out.Stats, Custom: r.custom, Interrupted: out.Interrupted, Broken: err != nil, Time: time.Now()})
	return out, err
}

// endBook tells of a playbook that came to its end, and reports whether the
// next one begins: a host that failed ends the run here.
func (r *run) endBook(ctx context.Context, book *playbook.Playbook, last bool) (goOn bool) {
	out := r.outcome(ctx)
	if r.cfg.BookEnd != nil && !out.Interrupted && len(out.FailedHosts) > 0 {
		r.cfg.BookEnd(book, out.FailedHosts)
	}
	if last || out.Interrupted || out.Failed || out.Unreachable {
		return false
	}
	r.emit(event.PlaybookEnd{Path: book.Path, Stats: out.Stats, Custom: r.custom})
	return true
}

func (r *run) outcome(ctx context.Context) *Outcome {
	out := &Outcome{Stats: r.hosts.stats(), Interrupted: ctx.Err() != nil}
	for _, h := range r.hosts.byName { // also those that no task ran on
		failed, unreachable := h.failed.Load(), h.unreachable.Load()
		out.Failed = out.Failed || failed
		out.Unreachable = out.Unreachable || unreachable
		if failed || unreachable {
			out.FailedHosts = append(out.FailedHosts, h.name)
		}
	}
	slices.Sort(out.FailedHosts)
	return out
}

func (r *run) playbooks(ctx context.Context, books []*playbook.Playbook) error {
	for i, book := range books {
		r.emit(event.PlaybookStart{Path: book.Path, Plays: len(book.Plays)})
		if err := r.plays(ctx, book); err != nil {
			return err
		}
		if !r.endBook(ctx, book, i == len(books)-1) {
			return nil
		}
	}
	return nil
}

// plays runs the plays of one playbook until one ends it.
func (r *run) plays(ctx context.Context, book *playbook.Playbook) error {
	for _, p := range book.Plays {
		if ctx.Err() != nil {
			return nil
		}
		path := p.Playbook
		if path == "" {
			path = book.Path
		}
		dir, err := filepath.Abs(filepath.Dir(path))
		if err != nil {
			return err
		}
		r.playbookDir = dir
		goOn, err := r.play(ctx, p)
		if err != nil || !goOn {
			return err
		}
		if err := r.faulted(); err != nil {
			return err
		}
	}
	return nil
}

// extraScope is what is known before any host is: extra vars and the magic
// variables of the run.
func (r *run) extraScope(layers ...vars.Layer) *vars.Stack {
	layers = append(layers, vars.Dict{D: r.cfg.ExtraVars}, runMagic{r})
	return &vars.Stack{Layers: layers, Merge: r.cfg.HashMerge}
}

// runMagic gives the magic variables that need no host.
type runMagic struct{ run *run }

// Names implements vars.Layer.
func (runMagic) Names() []string { return []string{"groups", "hostvars", "playbook_dir"} }

// Lookup implements vars.Layer.
func (m runMagic) Lookup(name string) (value.Value, bool) {
	switch name {
	case "groups":
		return m.run.groups(), true
	case "hostvars":
		return &hostVars{run: m.run}, true
	}
	return m.run.magic(name)
}
