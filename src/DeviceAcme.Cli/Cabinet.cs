using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using DeviceAcme.Protocol.Admin;

namespace DeviceAcme.Cli;

/// <summary>Microsoft's cabinet files, such as TrustedTpm.cab, unpacked by <c>cabextract</c>. Their Authenticode signature is not looked at.</summary>
internal static partial class Cabinet
{
    private const string Program = "cabextract";

    /// <summary>The four octets that a cabinet begins with.</summary>
    private static ReadOnlySpan<byte> Magic => "MSCF"u8;

    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(2);

    public static bool Is(string file)
    {
        using var stream = File.OpenRead(file);
        Span<byte> beginning = stackalloc byte[4];
        return stream.ReadAtLeast(beginning, 4, throwOnEndOfStream: false) == 4 && beginning.SequenceEqual(Magic);
    }

    /// <summary>Unpacks the cabinet into a folder, after a look at how much it would become.</summary>
    public static async Task Unpack(string file, string folder, CancellationToken cancellation)
    {
        var sizes = Size().Matches(await Run(["-l", file], file, cancellation))
            .Select(match => long.TryParse(match.Groups[1].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out var size) ? size : long.MaxValue / AnchorImportRequest.MaxFiles).ToList();
        if (sizes.Count > AnchorImportRequest.MaxFiles || sizes.Sum() > 4L * AnchorImportRequest.MaxOctets)
        {
            throw new CommandFailure($"{file} would become {sizes.Count} files with {sizes.Sum()} octets: no vendor's bundle is that large");
        }

        await Run(["-q", "-d", folder, file], file, cancellation);
    }

    private static async Task<string> Run(IReadOnlyList<string> arguments, string file, CancellationToken cancellation)
    {
        var start = new ProcessStartInfo(Program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Start(start, file);
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        bound.CancelAfter(Longest);
        try
        {
            var errors = process.StandardError.ReadToEndAsync(bound.Token);
            var output = await process.StandardOutput.ReadToEndAsync(bound.Token);
            await process.WaitForExitAsync(bound.Token);
            return process.ExitCode == 0 ? output : throw new CommandFailure($"{Program} cannot unpack {file}: {(await errors).Trim()}");
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            process.Kill();
            throw new CommandFailure($"{Program} did not end within {Longest.TotalMinutes:0} minutes");
        }
    }

    private static Process Start(ProcessStartInfo start, string file)
    {
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception)
        {
            throw new CommandFailure(
                $"{file} is a cabinet, and {Program} is not installed here",
                $"install it (Debian: apt-get install {Program}), or unpack the cabinet elsewhere (Windows: expand -F:* FILE DIR) and import the folder");
        }
    }

    // "  1234 | 01.02.2026 12:00:00 | AMD/RootCA/root.cer"
    [GeneratedRegex(@"^\s*(\d+) \| ", RegexOptions.Multiline | RegexOptions.CultureInvariant)]
    private static partial Regex Size();
}
