using System.CommandLine;

namespace DeviceAcme.Simulator.Commands;

/// <summary>All commands, and the one place where failures become lines and exit codes.</summary>
internal static class CommandLine
{
    public static async Task<int> Run(string[] arguments, Terminal terminal, TimeProvider time)
    {
        var root = new RootCommand("Fake devices and their vendors, for trials and tests of an ACME server with device attestation.")
        {
            EnrollCommand.Make(terminal, time),
            FaultsCommand.Make(terminal),
            FleetCommand.Make(terminal, time),
            ConformanceCommand.Make(terminal, time),
            RunCommand.Make(terminal, time),
            SchemaCommand.Make(terminal),
            ServeCommand.Make(terminal, time),
            VendorCommand.Make(terminal),
            DnsCommand.Make(terminal),
            TpmCommand.Make(terminal),
        };
        var parsed = root.Parse(arguments);
        if (parsed.Errors.Count > 0)
        {
            foreach (var error in parsed.Errors)
            {
                // the parser lists allowed values one a line
                terminal.Error(string.Join(' ', error.Message.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)), null);
            }

            terminal.Say("device-sim: hint: --help lists commands and options");
            return Exit.Wrong;
        }

        try
        {
            return await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
        }
        catch (SimulatorException failure)
        {
            terminal.Error(failure.Message, failure.Hint);
            foreach (var more in failure.More)
            {
                terminal.Error(more, null);
            }
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            terminal.Error(failure.Message, null);
        }

        return Exit.Wrong;
    }
}
