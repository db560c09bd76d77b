package modules

import (
	"context"
	"strconv"
	"strings"

	"drover/modules/target"
)

// groupChange is what becomes of the groups that a user is a member of.
type groupChange struct {
	wanted, join, leave []string
	added               bool // to what there is
}

func (u *account) groupChange() (groupChange, error) {
	c := groupChange{added: u.Append}
	if u.Groups == nil {
		return c, nil
	}
	var err error
	if c.wanted, err = u.groupNames(); err != nil {
		return c, err
	}
	now := u.memberOf()
	c.join = without(c.wanted, now)
	if !u.Append {
		c.leave = without(now, c.wanted)
	}
	return c, nil
}

// options gives usermod's options for the change.
func (c *groupChange) options() []string {
	if len(c.join) == 0 && len(c.leave) == 0 {
		return nil
	}
	return append(flags(c.added, "-a"), "-G", strings.Join(c.wanted, ","))
}

// localTool names a program that changes accounts: those of libuser change only
// the host's own files.
func localTool(local bool, name string) string {
	if local {
		return "l" + name
	}
	return name
}

// finishLocally does what luseradd and lusermod have no options for.
func (u *account) finishLocally(ctx context.Context, expires *float64, join, leave []string) error {
	var commands [][]string
	if expires != nil {
		day := int64(-1)
		if *expires >= 0 {
			day = int64(*expires) / 86400
		}
		commands = append(commands, []string{"lchage", "-E", strconv.FormatInt(day, 10), u.Name})
	}
	for _, g := range join {
		commands = append(commands, []string{"lgroupmod", "-M", u.Name, g})
	}
	for _, g := range leave {
		commands = append(commands, []string{"lgroupmod", "-m", u.Name, g})
	}
	for _, argv := range commands {
		if err := u.tool(ctx, target.Cmd{Argv: argv}); err != nil {
			return err
		}
	}
	return nil
}
