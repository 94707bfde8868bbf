using System.CommandLine;
using DeviceAcme.Cli.Apple.Lint;

namespace DeviceAcme.Cli.Apple;

/// <summary><c>deviceacme apple</c>: the device's side of an enrollment of Apple devices.</summary>
internal static class AppleCommand
{
    public static Command Make(TextWriter output, Talk talk, TimeProvider time) =>
        new("apple", "configuration of Apple devices: payload, lint") { PayloadCommand.Make(output, talk, time), LintCommand.Make(output, talk, time) };
}
