using System.Diagnostics;

namespace DeviceAcme.Bench.Processes;

/// <summary>The server's own judgement of its store: <c>deviceacme check</c>.</summary>
internal static class StoreJudgement
{
    /// <summary>What is wrong with it; null where it is sound.</summary>
    public static async Task<string?> Of(ServerSetup setup, CancellationToken cancellation)
    {
        var start = setup.WithDatabase(DotnetProgram.Start(setup.Program, setup.Data, ["check", "--data", setup.Data], []));
        (start.RedirectStandardOutput, start.RedirectStandardError) = (true, true);
        using var check = Process.Start(start) ?? throw new BenchFailure("the server's program does not start");
        var error = check.StandardError.ReadToEndAsync(cancellation);
        var output = await check.StandardOutput.ReadToEndAsync(cancellation);
        await check.WaitForExitAsync(cancellation);
        return check.ExitCode == 0 ? null : $"deviceacme check: {output}{await error}";
    }
}
