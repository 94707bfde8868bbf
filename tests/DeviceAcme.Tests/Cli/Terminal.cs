using DeviceAcme.Cli;
using DeviceAcme.Testing;
using FluentAssertions;

namespace DeviceAcme.Tests.Cli;

/// <summary><c>deviceacme</c> as somebody types it, within this process, with the shipped profiles and a server at acme.example.</summary>
internal static class Terminal
{
    public const string Url = "https://acme.example";

    public static readonly DateTimeOffset Now = new(2026, 5, 1, 12, 0, 0, TimeSpan.Zero);

    public static string Profiles { get; } = Path.Combine(RepositoryFiles.Root, "profiles");

    /// <summary>Runs it as it is typed.</summary>
    public static async Task<Answer> Type(params string[] arguments)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var code = await CommandLine.Run(arguments, output, new Talk(error), new StoppedClock());
        return new Answer(code, output.ToString(), error.ToString());
    }

    /// <summary>Runs it with the shipped profiles, the URL of the server, and a data directory that is not there.</summary>
    public static Task<Answer> TypeWithServer(params string[] arguments) =>
        Type([.. arguments, "--url", Url, "--profiles", Profiles, "--data", Path.Combine(Profiles, "no-such-data")]);

    private sealed class StoppedClock : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => Now;
    }
}

/// <summary>What it said and how it ended.</summary>
internal sealed record Answer(int Code, string Output, string Error)
{
    public Answer ShouldExit(int code)
    {
        Code.Should().Be(code, "it said {0}{1}", Error, Output);
        return this;
    }
}
