using System.CommandLine;
using DeviceAcme.Core.Profiles;
using DeviceAcme.Protocol.Admin;

namespace DeviceAcme.Cli.Profiles;

/// <summary>Where the text of a profile comes from: a file, or a version that a running server has.</summary>
internal sealed class ProfileSource(AdminServerChoice server)
{
    public const string Route = "admin/v1/profiles";

    /// <summary>How the help calls what <see cref="Read"/> takes.</summary>
    public const string Name = "FILE|NAME[@VERSION]";

    /// <summary>What is named, and its text.</summary>
    /// <param name="named">A file, the name of a profile of the running server, or <c>NAME@VERSION</c> with a hash or the number of a version of the set.</param>
    public async Task<(string Path, string Text)> Read(string named, ParseResult parsed, CancellationToken cancellation)
    {
        if (IsFile(named))
        {
            return (named, ProfileText.Read(named));
        }

        var (name, version) = named.Split('@', 2) is [var of, var at] ? (of, at) : (named, null);
        var found = await (await server.Open(parsed, cancellation)).Get(
            $"{Route}/{Uri.EscapeDataString(name)}{ListReading.Query(("version", version))}", AdminJson.Default.ProfileVersionText, cancellation);
        return ($"{name}.yaml", found.Text);
    }

    /// <summary>The text in force of the profile that a file is of; empty where there is none.</summary>
    public async Task<string> InForce(string file, ParseResult parsed, CancellationToken cancellation)
    {
        var name = System.IO.Path.GetFileNameWithoutExtension(file);
        var connection = await server.Open(parsed, cancellation);
        var listed = await connection.Get(Route, AdminJson.Default.ProfileListing, cancellation);
        return listed.Profiles.Any(profile => profile.Name == name && profile.Hash is not null)
            ? (await connection.Get($"{Route}/{Uri.EscapeDataString(name)}", AdminJson.Default.ProfileVersionText, cancellation)).Text
            : "{}";
    }

    /// <summary>True for what is a file, or can be nothing else.</summary>
    public static bool IsFile(string named) => File.Exists(named) || !ProfileFile.IsName(named.Split('@')[0]);
}
