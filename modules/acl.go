package modules

import (
	"context"
	"slices"
	"strings"

	"drover/modules/target"
)

type aclArgs struct {
	Path        string `arg:"path" alias:"name" type:"path" required:"true" doc:"The file or folder."`
	State       string `arg:"state" default:"query" choices:"absent,present,query" doc:"Whether the entry is there; query only tells what is."`
	Entity      string `arg:"entity" default:"" doc:"User or group of the entry."`
	Etype       string `arg:"etype" choices:"group,mask,other,user" doc:"Kind of the entry."`
	Permissions string `arg:"permissions" doc:"Any of r, w, x, and X for x where it is a folder or somebody may run it."`
	Entry       string `arg:"entry" doc:"The entry in one text, [default:]kind:name:permissions, instead of etype, entity and permissions."`
	Default     bool   `arg:"default" default:"false" doc:"The entry is for what is made in the folder."`
	Follow      bool   `arg:"follow" default:"true" doc:"Follow links."`
	Recursive   bool   `arg:"recursive" alias:"recurse" default:"false" doc:"All that is below, too."`
	Mask        string `arg:"recalculate_mask" default:"default" choices:"default,mask,no_mask" doc:"Whether setfacl works out the mask anew."`
	NFSv4       bool   `arg:"use_nfsv4_acls" default:"false" doc:"Entries of NFS version 4."`
}

// aclModule keeps entries of access control lists.
func aclModule() Module {
	return Define(Spec{
		Name:    "ansible.posix.acl",
		Summary: "Set and read access control lists",
		Doc: "Makes an entry of a file's access control list be there or not, with the host's setfacl and getfacl (package acl).\n" +
			"With recursive, a single file below that lacks the entry is a change; Ansible changes nothing then if another file has it already.",
		Check:    CheckFull,
		Examples: "- ansible.posix.acl:\n    path: /srv/shop\n    etype: user\n    entity: www-data\n    permissions: rX\n    recursive: true\n    state: present\n",
		Returns:  []Return{{"acl", "list", "always", "The list as it is now."}},
	}, runACL)
}

func runACL(ctx context.Context, h target.Host, c *Call, a *aclArgs) (*Result, error) {
	if _, err := h.Stat(a.Path); err != nil {
		return nil, Failf("Path not found or not accessible: %s", a.Path)
	}
	if err := a.settle(); err != nil {
		return nil, err
	}
	res := &Result{Msg: "current acl"}
	if a.State != "query" {
		entry := a.entry()
		res.Msg = entry + " is " + a.State
		if err := a.change(ctx, h, c, res, entry); err != nil {
			return nil, err
		}
	}
	out, err := a.runTool(ctx, h, a.getter())
	if err != nil {
		return nil, err
	}
	return res.Set("acl", aclLines(out.Stdout)), nil
}

// settle refuses arguments that do not go together and takes entry apart.
func (a *aclArgs) settle() error {
	query, absent := a.State == "query", a.State == "absent"
	switch colons := strings.Count(a.Entry, ":"); {
	case query && a.Recursive:
		return Failf("'recursive' MUST NOT be set when 'state=query'.")
	case query && a.Mask != "default":
		return Failf("'recalculate_mask' MUST NOT be set to 'mask' or 'no_mask' when 'state=query'.")
	case a.Entry == "" && absent && a.Permissions != "" && !a.NFSv4:
		return Failf("'permissions' MUST NOT be set when 'state=absent'.")
	case a.Entry == "" && absent && a.Entity == "":
		return Failf("'entity' MUST be set when 'state=absent'.")
	case a.Entry == "" && !query && a.Etype == "":
		return Failf("'etype' MUST be set when 'state=%s'.", a.State)
	case a.Entry == "":
		return nil
	case a.Etype != "" || a.Entity != "" || a.Permissions != "":
		return Failf("'entry' MUST NOT be set when 'entity', 'etype' or 'permissions' are set.")
	case query:
		return Failf("'entry' MUST NOT be set when 'state=query'.")
	case !absent && colons != 2 && colons != 3:
		return Failf("'entry' MUST have 3 or 4 sections divided by ':' when 'state=present'.")
	case absent && colons != 1 && colons != 2:
		return Failf("'entry' MUST have 2 or 3 sections divided by ':' when 'state=absent'.")
	}
	return a.splitEntry()
}

func (a *aclArgs) splitEntry() error {
	parts := strings.Split(a.Entry, ":")
	if strings.HasPrefix(strings.ToLower(a.Entry), "d") {
		a.Default, parts = true, parts[1:]
	}
	if len(parts) < 2 || len(parts) > 3 || parts[0] == "" {
		return Failf("entry %q is not [default:]kind:name[:permissions]", a.Entry)
	}
	a.Etype = map[byte]string{'u': "user", 'g': "group", 'm': "mask", 'o': "other"}[strings.ToLower(parts[0])[0]]
	if a.Etype == "" {
		return Failf("entry %q is for none of user, group, mask, other", a.Entry)
	}
	a.Entity = parts[1]
	if len(parts) == 3 {
		a.Permissions = parts[2]
	}
	return nil
}

// entry writes the entry for setfacl.
func (a *aclArgs) entry() string {
	switch {
	case a.NFSv4 && a.Etype == "group":
		return "A:g:" + a.Entity + ":" + a.Permissions + "tcy"
	case a.NFSv4:
		return "A::" + a.Entity + ":" + a.Permissions + "tcy"
	case a.Permissions != "" && a.State == "present":
		return a.Etype + ":" + a.Entity + ":" + a.Permissions
	}
	return a.Etype + ":" + a.Entity
}

// change asks setfacl whether the entry makes a difference and, outside check
// mode, has it made.
func (a *aclArgs) change(ctx context.Context, h target.Host, c *Call, res *Result, entry string) error {
	argv := a.setter(entry)
	test, err := a.runTool(ctx, h, slices.Insert(slices.Clone(argv), 1, "--test"))
	if err != nil {
		return err
	}
	res.Changed = a.differs(aclLines(test.Stdout), entry)
	if !res.Changed || c.Check {
		return nil
	}
	_, err = a.runTool(ctx, h, argv)
	return err
}

// differs reads what setfacl would do: files that stay as they are end in *,*;
// for NFS an entry that is there already is listed twice.
func (a *aclArgs) differs(lines []string, entry string) bool {
	if a.NFSv4 {
		n := 0
		for _, line := range lines {
			if line == entry {
				n++
			}
		}
		return n != 2
	}
	return slices.ContainsFunc(lines, func(line string) bool { return line != "" && !strings.HasSuffix(line, "*,*") })
}

func (a *aclArgs) runTool(ctx context.Context, h target.Host, argv []string) (toolOutput, error) {
	if _, err := requireTool(h, argv[0]); err != nil {
		return toolOutput{}, err
	}
	return mustRun(ctx, h, argv...)
}

func (a *aclArgs) setter(entry string) []string {
	argv := []string{"setfacl"}
	if a.NFSv4 {
		argv[0] = "nfs4_setfacl"
	}
	if a.Default {
		argv = append(argv, "-d")
	}
	switch {
	case a.State == "absent":
		argv = append(argv, "-x", entry)
	case a.NFSv4:
		argv = append(argv, "-a", entry)
	default:
		argv = append(argv, "-m", entry)
	}
	if a.Recursive && !a.NFSv4 {
		argv = append(argv, "--recursive")
	}
	switch a.Mask {
	case "mask":
		argv = append(argv, "--mask")
	case "no_mask":
		argv = append(argv, "--no-mask")
	}
	return append(argv, a.where()...)
}

func (a *aclArgs) getter() []string {
	if a.NFSv4 {
		return []string{"nfs4_getfacl", "--omit-header", a.Path}
	}
	argv := []string{"getfacl"}
	if a.Default {
		argv = append(argv, "-d")
	}
	argv = append(argv, "--absolute-names", "--omit-header")
	if a.Recursive {
		argv = append(argv, "--recursive")
	}
	return append(argv, a.where()...)
}

// where gives the path, and how links on it are taken.
func (a *aclArgs) where() []string {
	if !a.Follow && !a.NFSv4 {
		return []string{"--physical", a.Path}
	}
	return []string{a.Path}
}

// aclLines gives the entries that getfacl and setfacl print.
func aclLines(text string) []string {
	lines := []string{}
	for _, line := range splitLines(text) {
		if !strings.HasPrefix(line, "#") {
			lines = append(lines, strings.TrimSpace(line))
		}
	}
	if n := len(lines); n > 0 && lines[n-1] == "" {
		lines = lines[:n-1]
	}
	return lines
}
