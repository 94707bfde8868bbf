using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using DeviceAcme.Protocol.Admin;

namespace DeviceAcme.Cli;

/// <summary><c>anchors list | import | diff | distrust | export | set</c>.</summary>
internal static class AnchorCommands
{
    private const int Success = 0;

    public static Command Make(TextWriter output, Talk talk)
    {
        var choice = new AdminServerChoice();
        var json = CommandLine.ForMachines();
        var say = new Answer(output, json);
        return new Command("anchors", "vendor roots and intermediates, in versions")
        {
            choice, json, List(choice, say), Import(choice, say, talk), Diff(choice, say), Distrust(choice, say, talk), Export(choice, talk), Set(choice, say),
        };
    }

    private static Command List(AdminServerChoice choice, Answer say)
    {
        var version = Version();
        var folder = new Option<string?>("--folder") { HelpName = "NAME", Description = "one folder alone" };
        var versions = new Option<bool>("--versions") { Description = "the versions instead: number, time, who, what" };
        var list = new Command("list", "the anchors in force, or those of an earlier version") { version, folder, versions };
        list.SetAction(async (parsed, cancellation) =>
        {
            var anchors = await Anchors.Open(choice, parsed, cancellation);
            return parsed.GetValue(versions)
                ? say.Of(parsed, await anchors.Versions(cancellation), AdminJson.Default.AnchorVersionList, AnchorText.Of)
                : say.Of(parsed, await anchors.List(parsed.GetValue(version), parsed.GetValue(folder), cancellation), AdminJson.Default.AnchorListing, AnchorText.Of);
        });
        return list;
    }

    private static Command Import(AdminServerChoice choice, Answer say, Talk talk)
    {
        var paths = new Argument<string[]>("PATH") { Description = "folders, PEM or DER files, TrustedTpm.cab", Arity = ArgumentArity.OneOrMore };
        var folder = new Option<string>("--folder") { HelpName = "NAME", Description = "where they go, as profiles name it in attestation.anchors", Required = true };
        var terms = new Option<string?>("--terms") { HelpName = "FILE", Description = "what they are good for, as in profiles/trust/README.md [default: the terms.yaml of an imported folder]" };
        var source = new Option<string?>("--source") { HelpName = "TEXT", Description = "where they come from [default: the names of the paths]" };
        var dryRun = new Option<bool>("--dry-run") { Description = "say what would happen, change nothing" };
        var import = new Command("import", "takes vendors' certificates into a folder; makes a new version") { paths, folder, terms, source, dryRun };
        import.SetAction(async (parsed, cancellation) =>
        {
            var all = parsed.GetRequiredValue(paths);
            var sources = new AnchorSources(talk);
            foreach (var path in all)
            {
                await sources.Add(path, cancellation);
            }

            if (sources.Files.Count == 0)
            {
                throw new CommandFailure($"nothing to import: {sources.LeftOut.Count} files, and none is a certificate by its name");
            }

            var anchors = await Anchors.Open(choice, parsed, cancellation);
            talk.Progress($"{sources.Files.Count} files to judge");
            var report = await anchors.Import(
                new AnchorImportRequest
                {
                    Folder = parsed.GetRequiredValue(folder),
                    Source = parsed.GetValue(source) ?? string.Join(", ", all.Select(path => Path.GetFileName(Path.TrimEndingDirectorySeparator(path)))),
                    Files = sources.Files,
                    Terms = parsed.GetValue(terms) is { } file ? ReadText(file) : sources.Terms,
                    DryRun = parsed.GetValue(dryRun),
                },
                cancellation);
            var complete = report with { Items = [.. report.Items, .. sources.LeftOut] };
            say.Of(parsed, complete, AdminJson.Default.AnchorImportReport, whole => AnchorText.Of(whole, whole.Items, parsed.GetValue(dryRun)));
            return complete.Items.Any(item => item.Outcome is "taken" or "changed" or "already-there")
                ? Success
                : throw new CommandFailure("nothing was imported; the reasons stand above");
        });
        return import;
    }

    private static Command Diff(AdminServerChoice choice, Answer say)
    {
        var from = new Argument<int?>("FROM") { Description = "the earlier version [default: the one before]", Arity = ArgumentArity.ZeroOrOne };
        var to = new Argument<int?>("TO") { Description = "the later version [default: the one in force]", Arity = ArgumentArity.ZeroOrOne };
        var diff = new Command("diff", "what changed between two versions") { from, to };
        diff.SetAction(async (parsed, cancellation) =>
        {
            var anchors = await Anchors.Open(choice, parsed, cancellation);
            return say.Of(parsed, await anchors.Diff(parsed.GetValue(from), parsed.GetValue(to), cancellation), AdminJson.Default.AnchorChanges, AnchorText.Of);
        });
        return diff;
    }

    private static Command Distrust(AdminServerChoice choice, Answer say, Talk talk)
    {
        var which = new Argument<string>("CERTIFICATE") { Description = "the beginning of a fingerprint, or the file of a certificate that need not be in the set" };
        var reason = new Option<string?>("--reason") { HelpName = "TEXT", Description = "why; evidence that is refused for it says so" };
        var lift = new Option<bool>("--lift") { Description = "believe it again" };
        var distrust = new Command("distrust", "believes a certificate and its key no more, wherever they stand in a chain") { which, reason, lift };
        distrust.Validators.Add(result =>
        {
            if (result.GetValue(lift) == (result.GetValue(reason) is not null))
            {
                result.AddError("expected either --reason or --lift");
            }
        });
        distrust.SetAction(async (parsed, cancellation) =>
        {
            var named = parsed.GetRequiredValue(which);
            var isFile = File.Exists(named);
            var anchors = await Anchors.Open(choice, parsed, cancellation);
            var changes = await anchors.Distrust(
                new AnchorDistrustRequest
                {
                    Fingerprint = isFile ? null : named,
                    Certificate = isFile ? ReadCertificate(named) : null,
                    Reason = parsed.GetValue(reason),
                    Lift = parsed.GetValue(lift),
                },
                cancellation);
            if (!parsed.GetValue(lift))
            {
                talk.Hint("certificates that were issued on its word stay valid until they are revoked");
            }

            return say.Of(parsed, changes, AdminJson.Default.AnchorChanges, AnchorText.Of);
        });
        return distrust;
    }

    private static Command Export(AdminServerChoice choice, Talk talk)
    {
        var directory = new Argument<string>("DIR") { Description = "a new or empty directory; a server reads it with --anchors" };
        var version = Version();
        var folder = new Option<string?>("--folder") { HelpName = "NAME", Description = "one folder alone" };
        var export = new Command("export", "writes a version as PEM files and terms.yaml, folder by folder") { directory, version, folder };
        export.SetAction(async (parsed, cancellation) =>
        {
            var target = Path.GetFullPath(parsed.GetRequiredValue(directory));
            if (File.Exists(target) || (Directory.Exists(target) && Directory.EnumerateFileSystemEntries(target).Any()))
            {
                throw new CommandFailure($"{target} is not empty", "name a directory that does not exist yet");
            }

            var anchors = await Anchors.Open(choice, parsed, cancellation);
            var exported = await anchors.Export(parsed.GetValue(version), parsed.GetValue(folder), cancellation);
            foreach (var file in exported.Files)
            {
                var path = Path.GetFullPath(Path.Combine(target, file.Name));
                if (!path.StartsWith(target + Path.DirectorySeparatorChar, StringComparison.Ordinal))
                {
                    throw new CommandFailure($"the server names the file '{file.Name}', which is not below {target}");
                }

                Directory.CreateDirectory(Path.GetDirectoryName(path)!);
                await File.WriteAllBytesAsync(path, file.Content, cancellation);
            }

            talk.Progress($"version {exported.Version.Number}: {exported.Files.Count} files in {target}");
            return Success;
        });
        return export;
    }

    private static Command Set(AdminServerChoice choice, Answer say)
    {
        var hash = new Argument<string>("HASH") { Description = "as 'evidence show' prints it" };
        var set = new Command("set", "which version and folders a set was that evidence was judged under") { hash };
        set.SetAction(async (parsed, cancellation) =>
        {
            var server = await choice.Open(parsed, cancellation);
            var entry = await server.Get($"admin/v1/anchors/sets/{Uri.EscapeDataString(parsed.GetRequiredValue(hash))}", AdminJson.Default.AnchorSetEntry, cancellation);
            return say.Of(parsed, entry, AdminJson.Default.AnchorSetEntry, AnchorText.Of);
        });
        return set;
    }

    private static Option<int?> Version() => new("--version") { HelpName = "NUMBER", Description = "an earlier version [default: the one in force]" };

    private static byte[] ReadCertificate(string file)
    {
        const int Largest = 32 * 1024;
        return new FileInfo(file).Length <= Largest ? File.ReadAllBytes(file) : throw new CommandFailure($"{file} has more than {Largest} octets: one certificate was expected");
    }

    private static string ReadText(string file)
    {
        try
        {
            return File.ReadAllText(file);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new CommandFailure($"{file} cannot be read: {exception.Message}");
        }
    }

    /// <summary>Prints an answer for people or for machines.</summary>
    private sealed record Answer(TextWriter Output, Option<bool> Json)
    {
        public int Of<T>(ParseResult parsed, T value, JsonTypeInfo<T> type, Func<T, string> text)
        {
            Output.Write(parsed.GetValue(Json) ? JsonSerializer.Serialize(value, type) + Environment.NewLine : text(value));
            return Success;
        }
    }
}
