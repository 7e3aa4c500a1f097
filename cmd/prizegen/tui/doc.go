// Package tui is the interactive program: prizegen in a terminal, for holding a draw in
// front of people.
//
// [Run] shows the program until the user quits. Its [Config] has the functions that the
// commands call, so the screens show what the commands print.
//
// How a key becomes a picture:
//
//  1. run.go: Bubble Tea reads the key and passes it to the frame, the model of the
//     program.
//  2. frameupdate.go: the frame handles its own keys, such as tab and ?. It passes others
//     to the open dialog or to the active screen.
//  3. draw.go, odds.go, bulk.go, history.go, services.go, rules.go: a screen is a value.
//     Its Update method returns the changed screen and a command for everything that
//     takes time. Bubble Tea runs the command and passes its message to the frame, which
//     passes it to every screen. A screen also changes the [Settings], opens a dialog or
//     shows an error by returning such a message; see screen.go.
//  4. frame.go: the frame draws the tabs, the settings and the keys around the view of the
//     active screen or the dialog. The view of a screen is in the file named for it, such
//     as drawview.go.
//
// Screens are built from widgets, which do not know them: dialogs (dialog.go, form.go,
// help.go), tables and text that fits (layout.go), large letters (glyphs.go). Widgets
// are built from styles (style.go).
//
// The files are in layers: no two files use each other, directly or through others. A view
// uses its screen, so an Update method that needs the view, because it handles clicks on
// what is shown or opens the details of a row, is in the file of the view.
package tui
