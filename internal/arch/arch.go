// Package arch holds the rules of which package may import which (imports.txt)
// and the test that checks them.
package arch
