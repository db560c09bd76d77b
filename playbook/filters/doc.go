// Package filters holds what Ansible adds to Jinja: filters, tests, lookups and
// global functions, those of ansible.builtin and the commonly used ones of
// community.general, ansible.utils, ansible.netcommon and community.crypto.
//
// Every family is a file with a table at its top: name, parameters, function.
// A function sees its arguments through args, which binds them as Python binds
// them to a signature; it returns a value or an error, and Register wraps both
// into what the template engine wants. Nothing here keeps state: what belongs
// to a task (where files are found, which hosts there are) comes through the
// Controller that the engine puts into the evaluation's context.
package filters
