// Package tui is the interactive program: prizegen in a terminal, for making draws in
// front of an audience.
//
// [Run] shows the program until the user quits. The functions in its [Config] are the
// same functions that the commands call, so the screens show what the commands print.
//
// A key press is handled in these steps:
//
//  1. run.go: Bubble Tea reads the key and passes it to the frame, the model of the
//     program.
//  2. frameupdate.go: the frame handles its own keys, such as tab and ?. It passes other
//     keys to the open dialog or to the active screen.
//  3. draw.go, odds.go, bulk.go, history.go, services.go, rules.go: a screen is a value.
//     Its Update method returns the changed screen and a command for everything that
//     takes time. Bubble Tea runs the command and passes its message to the frame, which
//     passes it to every screen. Messages also let a screen change the [Settings], open a
//     dialog or show an error; see screen.go.
//  4. frame.go: the frame draws the tabs, the settings and the keys around the view of the
//     active screen or the dialog. The view of a screen is in a file of its own, such as
//     drawview.go.
//
// Screens are built from widgets, which do not depend on screens: dialogs (dialog.go,
// form.go, help.go), tables and fitted text (layout.go), and large letters (glyphs.go).
// Widgets are built from styles (style.go).
//
// The files form layers, without circular dependencies. A view uses its screen. An Update
// method that needs the view, because it handles clicks or opens the details of a row, is
// therefore in the file of the view.
package tui
