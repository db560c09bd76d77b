package playbook

import (
	"drover/modules"
	"drover/playbook/jinja"
	"drover/playbook/value"
)

// Loader reads playbooks, task files and roles, checks them and resolves what
// is static. It keeps what it read, so that an include in a loop reads a file
// once. Safe for concurrent use.
type Loader struct {
	Options
	cache loaderCache
}

// Options say what a Loader knows of the world around a playbook.
type Options struct {
	// Modules gives the spec of a module by its fully qualified name, and
	// names lists them all, for "did you mean".
	Modules func(fqcn string) (*modules.Spec, bool)
	Names   func() []string
	// RolePaths and CollectionPaths are searched after the playbook's own
	// folders.
	RolePaths, CollectionPaths []string
	// Vault decrypts vaulted files and !vault values; nil means that they
	// are an error that says which flag to give.
	Vault Vault
	// Static gives an evaluator over the variables known while loading
	// (extra vars, and the given ones), for templates in import names.
	Static func(vars *value.Dict) *jinja.Context
	// Env checks the syntax of templates and conditionals; may be nil.
	Env *jinja.Env
}

// Vault decrypts Ansible Vault text ("$ANSIBLE_VAULT;1.1;AES256\n…").
type Vault interface {
	Decrypt(data []byte) ([]byte, error)
}

// The doors (each in its own file):
//
//	func NewLoader(o Options) *Loader
//	func (l *Loader) Playbook(path string) (*Playbook, error)
//	func (l *Loader) IncludeTasks(t *Task, path string, vars *value.Dict) (*Block, error)
//	    the tasks of a file as a frame below t's place, with t's apply keywords; handlers when t.Handler
//	func (l *Loader) IncludeRole(t *Task, r RoleRequest) (*Role, error)
//	func (l *Loader) VarsFile(path string) (*value.Dict, error)      a YAML/JSON file of trusted variables
//	func (l *Loader) ReadFile(path string) (data []byte, secret bool, err error)
//	func (l *Loader) ResolveModule(name string, collections []string) (fqcn string, ok bool)
//	func (l *Loader) FindVarsFile(…)

// RoleRequest says which role an include_role or import_role wants; all names
// are already evaluated.
type RoleRequest struct {
	Name                                            string
	TasksFrom, VarsFrom, DefaultsFrom, HandlersFrom string // "main" when ""
	Public, AllowDuplicates, Validate               bool
	Apply                                           *Base
}
