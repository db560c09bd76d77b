// Package playbook is what a user wrote: plays, blocks, tasks, roles and
// handlers as an immutable tree in which every node knows file:line:col, and
// the loader that reads, checks and resolves it (imports, roles, module names,
// arguments) before any host is touched.
//
// A keyword's value is kept as written: a value.Value that may be or contain a
// *value.Template; nil means that the keyword is not there. The engine
// evaluates it for each host when it needs it.
package playbook

import (
	"drover/playbook/source"
	"drover/playbook/value"
)

// Playbook is one file of plays, with its import_playbooks resolved.
type Playbook struct {
	Path  string
	Plays []*Play
}

// Base holds the keywords that plays, roles, blocks and tasks share. What a
// task does not set it inherits from its parents; see Chain.
type Base struct {
	Pos  source.Pos
	Keys map[string]source.Pos // where each keyword that is set stands

	Name   value.Value
	Vars   *value.Dict
	Tags   []value.Value // in order, comma-separated strings split
	When   []Cond        // tasks, blocks, roles
	NoLog  value.Value
	Become value.Value

	BecomeUser, BecomeMethod, BecomeFlags, BecomeExe value.Value
	Connection, Port, RemoteUser                     value.Value

	Environment    []value.Value // dicts or templates, in order
	ModuleDefaults []value.Value
	Collections    []string

	AnyErrorsFatal, IgnoreErrors, IgnoreUnreachable value.Value
	CheckMode, Diff, RunOnce, Throttle, Timeout     value.Value
	Debugger                                        value.Value

	DelegateTo, DelegateFacts value.Value // tasks, blocks, roles
	Notify                    []value.Value

	// Faults are mistakes in what a task says, or in what a block or a role says
	// for its tasks, that count only when the task is reached: a wrong argument,
	// a template or a condition that can't be read, a value of the wrong kind.
	Faults source.List
}

// Cond is one conditional expression: Expr is a Str with a bare expression
// (when: x > 1), a *value.Template (when: "{{ x }}"), or a Bool.
type Cond struct {
	Expr value.Value
	Pos  source.Pos
}

// Play is one play.
type Play struct {
	Base
	Playbook string // the file's path; its folder is playbook_dir
	Hosts    value.Value

	GatherFacts, GatherSubset, GatherTimeout, FactPath value.Value
	Serial, MaxFailPercentage, Order, Strategy         value.Value
	ForceHandlers                                      value.Value
	VarsFiles                                          []value.Value // strings, or lists of alternatives
	VarsPrompt                                         []*Prompt

	Roles                      []*Role // those of roles:, in the order they run
	PreTasks, Tasks, PostTasks []Step
	// Handlers are those of the roles, the play's own, and those of import_role.
	Handlers []Step
	Imported []*Role // the roles of import_role, anywhere in the play

	ImportVars *value.Dict // vars of the import_playbook that brought it
}

// Prompt is one entry of vars_prompt.
type Prompt struct {
	Pos                      source.Pos
	Name                     string
	Prompt, Default          value.Value
	Private, Confirm, Unsafe bool
	Encrypt, Salt            string
	SaltSize                 int
}

// Step is a *Task or a *Block.
type Step interface {
	// Base gives the shared keywords.
	base() *Base
	// Up gives the block that holds the step; nil at the top of a list.
	Up() *Block
}

// Block is a block/rescue/always, or the invisible frame around the tasks of
// an import, an include or a role.
type Block struct {
	Base
	Parent               *Block
	Play                 *Play
	Role                 *Role // the role it belongs to, or nil
	Body, Rescue, Always []Step
	// Implicit frames are not written by the user: they carry the keywords
	// (vars, tags, when) of an import_tasks, a role or an include's apply.
	Implicit bool
	// RoleEnd is set on the frame around a whole role.
	RoleEnd bool
	// File is the file of tasks that the frame stands for, else "".
	File string
	// Params are the vars: of a dynamic include and its loop's variables; set
	// on its frame only. They rank above set_fact.
	Params *value.Dict
	// Imported are the roles that import_role brought into a file or role that
	// was included during the run; set on the frame of the include only. Their
	// handlers join those of the play.
	Imported []*Role
}

// Task is one task or handler.
type Task struct {
	Base
	Parent *Block
	Play   *Play
	Role   *Role
	File   string // the file it stands in

	Action string // as written: "apt", "ansible.builtin.apt", "{{ ansible_pkg_mgr }}"
	Module string // fully qualified: "ansible.builtin.apt"; "" when Action is a template
	// Own is the module's file when it is one of the user's own, else nil.
	Own    *OwnModule
	Args   *value.Dict // as written, k=v and args: merged; free text under the module's free-form argument or "_raw_params"
	ArgPos map[string]source.Pos
	// ArgsTemplate is args: "{{ … }}" (a whole dict), or nil.
	ArgsTemplate value.Value

	Loop     value.Value // loop:, or the terms of with_x
	LoopWith string      // "" for loop:, "items" for with_items, …
	LoopCtl  *LoopControl
	Register string

	Until          []Cond
	Retries, Delay value.Value
	Async, Poll    value.Value
	ChangedWhen    []Cond
	FailedWhen     []Cond
	Listen         []value.Value // handlers
	Handler        bool
	Include        *Include // include_tasks, include_role: what to load when it runs
	Meta           string   // the action of a meta task
	// Implicit tasks are not written by the user (gathering facts, a role's
	// argument validation, flushes between sections).
	Implicit bool
}

// LoopControl is loop_control.
type LoopControl struct {
	Pos                                      source.Pos
	LoopVar, IndexVar                        string      // "item" and "" when not set
	LoopVarSet                               value.Value // as written when it is a template
	Label, Pause, Extended, ExtendedAllItems value.Value
	BreakWhen                                []Cond
}

// Include is a dynamic include. Names may be templates.
type Include struct {
	Role                                            bool        // include_role, else include_tasks
	File                                            value.Value // include_tasks
	Name                                            value.Value // include_role
	Apply                                           *Base       // keywords for what is included, nil without apply
	TasksFrom, VarsFrom, DefaultsFrom, HandlersFrom value.Value
	Public, AllowDuplicates, RolespecValidate       value.Value
}

// Role is one use of a role in a play: from roles:, import_role, include_role
// or as a dependency.
type Role struct {
	Base                   // keywords given where it is used; Vars are those below vars:
	Role            string // the name as the user knows it: "common", "ns.coll.role"
	FQCN            string // with the collection, when it is in one
	Path            string // its folder
	Play            *Play
	Parents         []*Role     // the roles that depend on it or brought it, nearest first
	Included        bool        // an import_role or include_role of the nearest one brought it
	Deps            []*Role     // the roles it depends on directly
	Params          *value.Dict // parameters given beside the name
	Defaults        *value.Dict // of defaults/main
	RoleVars        *value.Dict // of vars/main
	Tasks           *Block      // the frames of its dependencies, then its own tasks
	Handlers        []Step      // those of its dependencies, then its own
	AllowDuplicates bool
	Public          bool // its vars and defaults are seen by later tasks of the play
	Collections     []string
	ArgSpec         *value.Dict // the matching entry point of meta/argument_specs.yml, or nil
	// Hash identifies a use for "once per play": role, params, tags, when.
	Hash string
}

func (b *Block) base() *Base { return &b.Base }
func (t *Task) base() *Base  { return &t.Base }

// Up implements Step.
func (b *Block) Up() *Block { return b.Parent }

// Up implements Step.
func (t *Task) Up() *Block { return t.Parent }

// BaseOf gives the shared keywords of a step.
func BaseOf(s Step) *Base { return s.base() }

// Chain calls visit for the step's own keywords, then for those of each parent
// from the inside out (blocks, role frames), and at last the play's, until
// visit gives false.
func Chain(s Step, play *Play, visit func(*Base) bool) {
	if !visit(s.base()) {
		return
	}
	for b := s.Up(); b != nil; b = b.Parent {
		if !visit(&b.Base) {
			return
		}
	}
	if play != nil {
		visit(&play.Base)
	}
}

// Keyword gives the innermost value of a keyword that get reads, or nil.
func Keyword(s Step, play *Play, get func(*Base) value.Value) value.Value {
	var found value.Value
	Chain(s, play, func(b *Base) bool {
		found = get(b)
		return found == nil
	})
	return found
}
