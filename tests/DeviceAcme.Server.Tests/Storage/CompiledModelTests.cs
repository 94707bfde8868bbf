using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using DeviceAcme.Server.Storage;
using DeviceAcme.Testing;
using FluentAssertions;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Design;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Scaffolding;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace DeviceAcme.Server.Tests.Storage;

/// <summary>The models that are compiled with the server are what its mappings say; <c>./dev models</c> writes them anew.</summary>
public sealed partial class CompiledModelTests
{
    [Fact]
    public void Of_SQLite() => Compare("Sqlite", options => options.UseSqlite(), typeof(SqliteDbContextOptionsBuilderExtensions).Assembly);

    [Fact]
    public void Of_PostgreSQL() => Compare("Postgres", options => options.UseNpgsql(), typeof(NpgsqlDbContextOptionsBuilderExtensions).Assembly);

    private static void Compare(string database, Action<DbContextOptionsBuilder> use, Assembly provider)
    {
        var folder = Path.Combine(RepositoryFiles.Root, "src", "DeviceAcme.Server", "Storage", "Models", database);
        var expected = Scaffold(database, use, provider);
        if (Environment.GetEnvironmentVariable("UPDATE_MODELS") == "1")
        {
            if (Directory.Exists(folder))
            {
                Directory.Delete(folder, recursive: true);
            }

            Directory.CreateDirectory(folder);
            foreach (var (name, code) in expected)
            {
                File.WriteAllText(Path.Combine(folder, name), code);
            }

            return;
        }

        var found = Directory.EnumerateFiles(folder).ToDictionary(file => Path.GetFileName(file), File.ReadAllText);
        found.Keys.Should().BeEquivalentTo(expected.Keys, "./dev models writes them anew");
        foreach (var (name, code) in expected)
        {
            (found[name] == code).Should().BeTrue($"./dev models writes {name} anew");
        }
    }

    private static Dictionary<string, string> Scaffold(string database, Action<DbContextOptionsBuilder> use, Assembly provider)
    {
        var options = new DbContextOptionsBuilder<AcmeContext>();
        use(options);
        using var context = new AcmeContext(options.Options);
        var services = new ServiceCollection().AddEntityFrameworkDesignTimeServices().AddDbContextDesignTimeServices(context);
        var design = (IDesignTimeServices)Activator.CreateInstance(provider.GetType(provider.GetCustomAttribute<DesignTimeProviderServicesAttribute>()!.TypeName, throwOnError: true)!)!;
        design.ConfigureDesignTimeServices(services);
        using var built = services.BuildServiceProvider();
        var settings = new CompiledModelCodeGenerationOptions
        {
            ContextType = typeof(AcmeContext),
            ModelNamespace = $"DeviceAcme.Server.Storage.Models.{database}",
            Language = "C#",
            ForNativeAot = true,
        };
        var generator = built.GetRequiredService<ICompiledModelCodeGeneratorSelector>().Select(settings);
        return generator.GenerateModel(context.GetService<IDesignTimeModel>().Model, settings)
            // names one model for the context, and there are two
            .Where(file => file.Path != "AcmeContextAssemblyAttributes.cs")
            .ToDictionary(file => file.Path, file => Own(file.Code, database));
    }

    // the types that it is about are not for others, and its random id would change with each writing
    private static string Own(string code, string database) => ModelId().Replace(
        PublicClass().Replace(code.ReplaceLineEndings("\n"), "internal$1 class "),
        new Guid(SHA256.HashData(Encoding.UTF8.GetBytes(database)).AsSpan(0, 16)).ToString());

    [GeneratedRegex("(?<=^    )public((?: static)?(?: partial)?) class ", RegexOptions.Multiline)]
    private static partial Regex PublicClass();

    [GeneratedRegex("(?<=modelId: new Guid\\(\")[^\"]+")]
    private static partial Regex ModelId();
}
