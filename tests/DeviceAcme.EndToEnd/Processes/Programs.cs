using System.ComponentModel;
using System.Diagnostics;
using System.Text;
using Xunit;

namespace DeviceAcme.EndToEnd.Processes;

/// <summary>Runs installed programs and those of this repository.</summary>
internal static class Programs
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    /// <summary>Runs a program to its end, or ends it when the limit is over.</summary>
    public static async Task<ProgramResult> Run(
        string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? environment = null, string? folder = null, TimeSpan? limit = null)
    {
        var start = Start(program, arguments, environment, folder);
        using var process = Begin(start);
        process.StandardInput.Close();
        using var time = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        time.CancelAfter(limit ?? Limit);
        var output = process.StandardOutput.ReadToEndAsync(CancellationToken.None);
        var error = process.StandardError.ReadToEndAsync(CancellationToken.None);
        try
        {
            await process.WaitForExitAsync(time.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"{Shown(start)} did not end in time\n{await output}\n{await error}");
        }

        return new ProgramResult(Shown(start), process.ExitCode, await output, await error);
    }

    public static ProcessStartInfo Start(string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? environment = null, string? folder = null)
    {
        var isAssembly = program.EndsWith(".dll", StringComparison.Ordinal);
        var start = new ProcessStartInfo(isAssembly ? "dotnet" : program)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = folder ?? Path.GetTempPath(),
        };
        string[] all = [.. isAssembly ? [program] : Array.Empty<string>(), .. arguments];
        foreach (var argument in all)
        {
            start.ArgumentList.Add(argument);
        }

        // everything here is on loopback, and settings of whoever runs the tests are not the test's
        foreach (var name in start.Environment.Keys.Where(IsForeign).ToArray())
        {
            start.Environment.Remove(name);
        }

        start.Environment["NO_PROXY"] = "*";
        start.Environment["LC_ALL"] = "C.UTF-8";
        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[name] = value;
        }

        return start;
    }

    /// <summary>Starts it; says which program is missing where one is.</summary>
    public static Process Begin(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception missing)
        {
            throw new FileNotFoundException($"this test needs {start.FileName}: {missing.Message}", missing);
        }
    }

    public static string Shown(ProcessStartInfo start) => string.Join(' ', start.ArgumentList.Prepend(start.FileName));

    private static bool IsForeign(string name) =>
        name.StartsWith("DEVICEACME_", StringComparison.Ordinal) || name.EndsWith("_proxy", StringComparison.OrdinalIgnoreCase);
}

/// <summary>What a program said and how it ended.</summary>
internal sealed record ProgramResult(string CommandLine, int ExitCode, string Output, string Error)
{
    /// <summary>Fails with all that it said unless the exit code is this one.</summary>
    public ProgramResult ShouldExit(int code)
    {
        Assert.True(ExitCode == code, $"expected exit code {code}\n{this}");
        return this;
    }

    public override string ToString() => new StringBuilder()
        .Append("$ ").AppendLine(CommandLine)
        .Append("exit code ").Append(ExitCode).AppendLine()
        .AppendLine(Output)
        .Append(Error)
        .ToString();
}
